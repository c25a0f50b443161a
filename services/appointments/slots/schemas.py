"""What the API says about places on sale."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from services.appointments.slots.models import Pool
from shared.web.models import View

"""A day that leaves room to count from."""


class FreeSlot(View):
    """A time at which places are free; for a longer matter, the first of consecutive slots."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    starts_at: datetime
    minutes: int = Field(description="全程分钟数 | Minutes of the whole run")
    capacity: int
    free: int
    pool: Pool
    slot_ids: list[UUID] = Field(description="预约时提交的时段编号 | What to send when booking")
