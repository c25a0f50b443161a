"""Closures as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from services.appointments.directory.schemas import ClosedTime
from services.appointments.schedules.schemas import EndangeredAppointment, HallRef, PlannedSlot
from shared.errors import Text
from shared.web.models import LAST_DAY, Input, Shown, View, named

Reason = Annotated[Shown, Field(min_length=1, max_length=300, pattern=r"\S")]
WindowRef = Annotated[
    int | UUID | None, Field(description="只停这个窗口：编号或 id | Only this window: number or id")
]
ItemCode = Annotated[
    str | None,
    Field(pattern=r"^[A-Z0-9-]{2,64}$", description="只停这个事项 | Only this item"),
]
RuleCode = Annotated[
    str | None,
    Field(pattern=r"^[A-Z0-9-]{1,32}$", description="只停这条规则的时段 | Only this rule's slots"),
]
_ITEM = Field(None, validation_alias=named("item_code", formerly="item"))
_RULE = Field(None, validation_alias=named("rule_code", formerly="rule"))


class ClosureIn(Input):
    """The hall sees nobody in this time, or nobody at a window, for an item, by a rule.

    With `dry_run` nothing is written.
    """

    hall_code: HallRef = Field(validation_alias=named("hall_code", formerly="hall"))
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: Reason
    window: WindowRef = None
    item_code: ItemCode = _ITEM
    rule_code: RuleCode = _RULE
    dry_run: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ensure_in_order(self.starts_at, self.ends_at)
        return self


class ClosureUpdate(Input):
    """The closure as it shall be: what is left out stays as it is, null takes a limit away."""

    hall_code: HallRef | None = Field(
        None,
        validation_alias=named("hall_code", formerly="hall"),
        description="不能改到另一个大厅 | Stays the same hall",
    )
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    reason: Reason | None = None
    window: WindowRef = None
    item_code: ItemCode = _ITEM
    rule_code: RuleCode = _RULE
    dry_run: bool = False
    version: int | None = Field(None, ge=1, description="所见版本 | The version that you have seen")


def ensure_in_order(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ValueError for a time that ends before it starts, or lasts more than a year."""
    if ends_at <= starts_at:
        raise ValueError(Text("结束时间应晚于开始时间", "It must end after it begins"))
    if (ends_at - starts_at).days > 366:
        raise ValueError(Text("一次最多停一年", "At most a year at a time"))
    if ends_at.year > LAST_DAY.year:
        raise ValueError(Text(f"最晚到 {LAST_DAY.year} 年", f"Not after the year {LAST_DAY.year}"))


class SlotsChanged(View):
    """What a change does to slots and people: the first 1000 of each list; the counts are whole."""

    dry_run: bool = Field(description="只试算，未写入 | Nothing was written")
    withdrawn_count: int
    withdrawn: list[PlannedSlot] = Field(
        description="将取消的时段，前 1000 个 | Slots that go, the first 1000"
    )
    changed_count: int = Field(
        description="留下但名额或事项变了的时段数 | Slots that stay with other places or items"
    )
    added_count: int
    added: list[PlannedSlot]
    orphaned: list[EndangeredAppointment]
    resupported: int = Field(
        description="重新有了时间的预约数 | Orphaned appointments whose time exists again"
    )


class ClosureView(ClosedTime, SlotsChanged):
    """A closure, and what making, changing or lifting it does: the first 1000 of each list."""

    id: UUID | None = Field(description="试算新增时为空 | Null for the dry run of a new one")
