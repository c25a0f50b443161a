"""Schedules as the API takes and gives them."""

from datetime import date, datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from services.appointments.booking.models import AppointmentState
from services.appointments.schedules.models import CalendarKind
from services.appointments.schedules.shown import NextSale, RuleOverlap
from services.appointments.slots.models import Pool
from shared.errors import Text
from shared.web.models import LAST_DAY, Input, Shown, View, named, old_name_of
from shared.web.wall_times import WallTime

Weekday = Annotated[int, Field(ge=1, le=7)]
Places = Annotated[int, Field(ge=1, le=1000)]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$")]
HallRef = Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,32}$")]


class RuleTerms(View):
    """When people are seen, for what, and how many at a time."""

    model_config = ConfigDict(from_attributes=True)

    code: Code
    name: str = Field("", max_length=100)
    item_codes: list[Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,64}$")]] = Field(
        min_length=1, max_length=100
    )
    calendar: CalendarKind = Field(
        CalendarKind.OFFICIAL,
        description="official：法定工作日（含调休上班）；every_day：天天 | Which days count",
    )
    weekdays: list[Weekday] = Field(
        min_length=1, max_length=7, description="1 周一 .. 7 周日 | 1 Monday .. 7 Sunday"
    )
    every_n_weeks: int = Field(1, ge=1, le=52)
    anchor_on: date | None = Field(
        None,
        description="隔周时，适用的某一周中的一天"
        " | For every other week: a day of a week that counts",
    )
    nth_week: Literal[-1, 1, 2, 3, 4, 5] | None = Field(
        None,
        description="每月第几个这样的星期，-1 为最后一个"
        " | Which one of such days in the month; -1: the last",
    )
    starts: WallTime
    ends: WallTime = Field(description="00:00 表示当天结束 | 00:00 ends the day")
    slot_minutes: int = Field(ge=5, le=480)
    capacity: dict[Pool, Places] = Field(
        min_length=1, description="每个号源池的名额 | Places in each pool"
    )
    lead_workdays: int = Field(
        0, ge=0, le=60, description="至少提前几个工作日 | At least so many working days ahead"
    )
    horizon_workdays: int = Field(
        5, ge=0, le=120, description="可约未来几个工作日 | Bookable for so many working days ahead"
    )
    release_at: WallTime = Field(
        time(0),
        description="每天几点放号 | Release time of day",
        json_schema_extra={"default": "00:00"},
    )
    share_at: WallTime | None = Field(
        None,
        description="几点起网上可约窗口未用的名额 | From when what staff left is for everybody",
    )
    share_workdays: int = Field(
        0, ge=0, le=60, description="提前几个工作日，0 为当天 | Working days before; 0: on the day"
    )
    valid_from: date | None = None
    valid_to: date | None = None


class RuleIn(Input, RuleTerms):
    """A rule as it shall be from now on."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.ends != time(0) and self.ends <= self.starts:
            raise ValueError(Text("结束时间应晚于开始时间", "It must end after it begins"))
        if self.horizon_workdays < self.lead_workdays:
            raise ValueError(
                Text("可约天数不能少于提前天数", "The horizon must not be shorter than the lead")
            )
        if self.share_at is not None and Pool.ASSISTED not in self.capacity:
            raise ValueError(
                Text("没有窗口名额，无可放出", "There are no places of staff that could be shared")
            )
        if self.every_n_weeks > 1 and self.anchor_on is None:
            raise ValueError(
                Text(
                    "隔周的规则须写明从哪一天算起",
                    "A rule of every second or third week needs the day from which the weeks count",
                )
            )
        return self


class ScheduleRuleView(RuleTerms):
    """A rule in force, until when it has slots, and what keeps it from more."""

    version: int
    created_at: datetime
    slots_until: date | None
    bookable_until: date | None = Field(
        description="网上现在可约到哪天 | The last day that can be booked online now"
    )
    next_sale: NextSale | None = Field(
        description="网上下一次放号的时间和日期 | When the next day can be booked online"
    )
    calendar_unknown: list[int] = Field(
        description="尚未公布放假安排、无法排班的年份 | Years without a holiday notice"
    )


class ScheduleChange(Input):
    """Rules to add or change, and codes of rules to end."""

    hall_code: HallRef = Field(validation_alias=named("hall_code", formerly="hall"))
    rules: list[RuleIn] = Field(default_factory=list, max_length=50)
    retire: list[Code] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _once(self) -> Self:
        codes = [rule.code for rule in self.rules] + self.retire
        if len(set(codes)) < len(codes):
            raise ValueError(Text("同一规则出现两次", "The same rule is named twice"))
        return self


class ScheduleApplication(ScheduleChange):
    """The same change, with the fingerprint of the proposal that was read."""

    fingerprint: str = Field(min_length=16, max_length=64)


class PlannedSlot(View):
    """A slot that the change adds or takes away."""

    model_config = ConfigDict(frozen=True)

    rule_code: str
    pool: Pool
    starts_at: datetime
    minutes: int
    capacity: int


class EndangeredAppointment(View):
    """An appointment that would lose its time."""

    id: UUID
    code: str
    item_code: str
    state: AppointmentState
    starts_at: datetime

    @old_name_of("item_code")
    def item(self) -> str:
        return self.item_code


class Proposal(View):
    """What a change does, slot by slot: the first 1000 of each list; the counts are whole."""

    hall_code: str
    added_count: int
    withdrawn_count: int
    kept_count: int
    moved_count: int = Field(description="预约随时段平移的时段数 | Slots whose bookings carry over")
    added: list[PlannedSlot]
    withdrawn: list[PlannedSlot]
    orphaned: list[EndangeredAppointment]
    resupported: int = Field(
        description="重新有了时间的预约数 | Orphaned appointments whose time exists again"
    )
    overlaps: list[RuleOverlap] = Field(
        default_factory=list,
        description="时间和事项有重叠的规则 | Rules that overlap in time and items",
    )
    calendar_unknown: list[int]
    fingerprint: str = Field(description="提交时带上 | Send it with apply")

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code


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


class ClosureView(View):
    """A closure, and what making, changing or lifting it does: the first 1000 of each list."""

    id: UUID | None = Field(description="试算新增时为空 | Null for the dry run of a new one")
    hall_code: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    window_no: int | None
    item_code: str | None
    rule_code: str | None
    version: int
    dry_run: bool = Field(description="只试算，未写入 | Nothing was written")
    withdrawn_count: int
    withdrawn: list[PlannedSlot]
    changed_count: int = Field(
        description="留下但名额或事项变了的时段数 | Slots that stay with other places or items"
    )
    added_count: int
    added: list[PlannedSlot]
    orphaned: list[EndangeredAppointment]
    resupported: int = Field(
        description="重新有了时间的预约数 | Orphaned appointments whose time exists again"
    )

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code

    @old_name_of("window_no")
    def window(self) -> int | None:
        return self.window_no

    @old_name_of("item_code")
    def item(self) -> str | None:
        return self.item_code

    @old_name_of("rule_code")
    def rule(self) -> str | None:
        return self.rule_code
