"""Promises of papers as the API takes and gives them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.appointments.deferrals.models import DeferralState
from shared.web.models import Input, View


class DeferralIn(Input):
    """Which minor papers are missing, and until when they are promised."""

    ticket_id: UUID = Field(description="正在办理或刚办完的号 | A ticket that is or was served")
    materials: list[Annotated[int, Field(ge=1, le=60)]] = Field(
        min_length=1,
        max_length=30,
        description="容缺的材料在指南中的序号 | The missing ones, by their number in the guide",
    )
    workdays: int = Field(
        5, ge=1, le=30, description="几个工作日内补交 | Within how many working days"
    )


class DeferralStep(Input):
    """The version that was seen; not needed."""

    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")


class DeferralCancellation(Input):
    """Why it is taken back."""

    reason: str = Field(
        min_length=2,
        max_length=500,
        pattern=r"\S",
        description="撤销的原因，加密保存 | Why; kept encrypted",
    )
    version: int | None = Field(None, ge=1, description="所见版本号 | The version that you saw")


class DeferralView(View):
    """A promise as its person and the staff of the hall see it."""

    id: UUID
    hall_code: str
    item_code: str
    guide_version: int = Field(description="所依据的指南版本 | The version of the guide")
    ticket_id: UUID
    materials: list[str] = Field(description="待补的材料 | What is to be handed in")
    accepted_on: date = Field(description="容缺受理日期 | When it was taken up")
    due_on: date = Field(description="最后一天 | The last day")
    reminded_at: datetime | None = Field(description="提醒时间 | When a reminder was due")
    state: DeferralState = Field(
        description="承诺补交、已补齐、逾期失效、已撤销 | Promised, supplied, lapsed or cancelled"
    )
    settled_at: datetime | None = Field(description="了结时间 | When it was settled")
    reason: str | None = Field(description="撤销的原因 | Why it was cancelled")
    version: int
