"""Penalties as the API takes and gives them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.appointments.booking.models import PenaltyState
from services.appointments.booking.schemas import MaskedPerson
from shared.web.models import Input, View


class PenaltyAppeal(Input):
    """Why the person should not be barred."""

    text: str = Field(
        min_length=2,
        max_length=1000,
        pattern=r"\S",
        examples=["当天地铁停运，到大厅时已过签到时间"],
        description="申诉理由 | Why it should be lifted",
    )


class PenaltyView(View):
    """A penalty as its person and the staff of its hall see it."""

    id: UUID
    hall_code: str
    state: PenaltyState
    no_shows: int = Field(description="计入的失约次数 | How many no-shows were counted")
    appointment_id: UUID = Field(description="最后一次失约的预约 | The last appointment missed")
    blocked_from: datetime
    blocked_until: datetime = Field(
        description="届时自动恢复预约 | Booking is open again from then"
    )
    policy_version: int
    appeal: str | None = Field(description="申诉理由 | What the person says")
    appealed_at: datetime | None
    lift_reason: str | None = Field(description="解除理由 | Why it was lifted")
    lifted_at: datetime | None
    citizen: MaskedPerson | None = None
    version: int
