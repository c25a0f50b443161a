"""Schedules as the API takes and gives them."""

from datetime import date, datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.appointments.booking.models import AppointmentState
from services.appointments.schedules.making import WHOLE
from services.appointments.schedules.models import CalendarKind
from services.appointments.schedules.shown import NextSale, RuleOverlap
from services.appointments.slots.models import Pool
from shared.errors import Text
from shared.web.models import Input, View, named, old_name_of
from shared.web.wall_times import WallTime

Weekday = Annotated[int, Field(ge=1, le=7)]
Places = Annotated[int, Field(ge=1, le=1000)]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$")]
_NOTHING_TO_RETURN = Text(
    "只有本规则中网上以外的名额可以转到网上",
    "Only places that the rule has in another pool can go online",
)
_TOO_LATE = Text(
    "放出名额的时间晚于预约截止时间，没有人约得到",
    "Nobody could book what is released after bookings end: release it before that",
)
_WAVES_IN_ORDER = Text(
    "各批次应按时间先后填写，百分比合计为 100",
    "Give the portions in the order of their times; together they are 100 per cent",
)
_WAVES_WITHIN = Text(
    "第一批不能早于可约天数，且须有网上名额",
    "The first portion must lie within the days that can be booked, and there must be places"
    " online",
)
HallRef = Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,32}$")]


class PoolReturn(Input):
    """When what a pool has left goes online."""

    at: WallTime = Field(description="几点 | Time of day", examples=["17:00"])
    workdays: int = Field(
        0, ge=0, le=60, description="提前几个工作日，0 为当天 | Working days before; 0: on the day"
    )


class ReleaseWave(Input):
    """So many per cent of the places online, released then."""

    percent: int = Field(ge=1, le=100, description="占网上名额的百分比 | Per cent of the places")
    at: WallTime = Field(description="几点 | Time of day", examples=["08:00"])
    workdays: int = Field(
        ge=0, le=120, description="提前几个工作日，0 为当天 | Working days before; 0: on the day"
    )


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
    waves: list[ReleaseWave] = Field(
        default_factory=list,
        max_length=6,
        description="网上名额分批放出，合计百分之百；空为一次放出 | The places online are released"
        " in these portions, 100 per cent in all; empty: all at once",
    )
    returns: dict[Pool, PoolReturn] = Field(
        default_factory=dict,
        description="各号源池没约出去的名额何时转到网上 | When what each pool has left goes online",
    )
    share_at: WallTime | None = Field(
        None,
        json_schema_extra={"deprecated": True},
        description="旧写法：窗口代约名额何时转到网上 | As in `returns`, of the pool of staff",
    )
    share_workdays: int = Field(
        0, ge=0, le=60, json_schema_extra={"deprecated": True}, description="同上 | As above"
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
        self._returns_are_possible()
        self._waves_are_whole()
        if self.every_n_weeks > 1 and self.anchor_on is None:
            raise ValueError(
                Text(
                    "隔周的规则须写明从哪一天算起",
                    "A rule of every second or third week needs the day from which the weeks count",
                )
            )
        return self

    def _returns_are_possible(self) -> None:
        """The old way of saying when staff give back becomes the present one, and stays beside it
        for the release before. Raises ValueError."""
        if self.share_at is not None and Pool.ASSISTED not in self.returns:
            old = PoolReturn(at=self.share_at, workdays=self.share_workdays)
            self.returns = {**self.returns, Pool.ASSISTED: old}
        of_staff = self.returns.get(Pool.ASSISTED)
        self.share_at = of_staff.at if of_staff else None
        self.share_workdays = of_staff.workdays if of_staff else 0
        if Pool.ONLINE in self.returns or not self.returns.keys() <= self.capacity.keys():
            raise ValueError(_NOTHING_TO_RETURN)
        if any(each.workdays < self.lead_workdays for each in self.returns.values()):
            raise ValueError(_TOO_LATE)

    def _waves_are_whole(self) -> None:
        if not self.waves:
            return
        times = [(-wave.workdays, wave.at) for wave in self.waves]
        if sum(wave.percent for wave in self.waves) != WHOLE or times != sorted({*times}):
            raise ValueError(_WAVES_IN_ORDER)
        if self.waves[0].workdays > self.horizon_workdays or Pool.ONLINE not in self.capacity:
            raise ValueError(_WAVES_WITHIN)
        if any(wave.workdays < self.lead_workdays for wave in self.waves):
            raise ValueError(_TOO_LATE)


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
