"""The calendar as people and programs read it, and the calculator that officials ask for."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.calendar.models import NATIONAL, CountedIn, Day, Every, RuleKind
from shared.web.models import Input, View, Words

REGION_CODE = r"^[A-Z]{2}(-[0-9A-Z]{1,12})?$"
Region = Field(
    NATIONAL,
    pattern=REGION_CODE,
    description="地区，见 GET /calendar/regions | Region; GET /calendar/regions lists them.",
)


class RegionInput(Input):
    """A city or county that may get a calendar of its own."""

    name: str = Field(min_length=2, max_length=100, description="名称 | Name.")
    name_en: str = Field(min_length=2, max_length=100, description="英文名称 | Name in English.")


class RegionView(View):
    """A known region; `calendar` is the region whose working days it keeps."""

    code: str
    name: str
    name_en: str
    calendar: str


class ClockInput(Input):
    """A clock by itself: how many days of which kind."""

    kind: RuleKind = Field(description="期限种类 | Kind of clock.")
    n: int | None = Field(
        None,
        ge=0,
        le=3660,
        description="天数（或月数），多数期限必填"
        " | Number of days, or of months; most kinds need it.",
    )
    month_day: str | None = Field(
        None,
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
        description="固定日期，如 01-31 | Month and day; needed for fixed_date.",
    )
    counted_in: CountedIn | None = Field(
        None,
        description="天数的种类：按周期、随同公开的缺省为工作日，公示期、保留期的缺省为自然日"
        " | What n counts: working days unless said otherwise for period and same_time_as, calendar"
        " days for min_display and keep_online.",
    )
    every: Every | None = Field(
        None, description="按周期公开的周期 | The period; needed for period."
    )
    roll_forward: bool = Field(
        True,
        description="自然日期限届满日为休息日的，顺延至下一工作日（民法典第203条）"
        " | A limit in calendar days that ends on a day of rest runs to the next working day.",
    )


class RuleInput(ClockInput):
    """A clock with what goes with it: others that may end earlier, and how long it must stay."""

    stricter_of: list[ClockInput] = Field(
        default_factory=list,
        max_length=4,
        description="同时适用的其他期限，先到者为准 | Other clocks that run as well; the first to"
        " end decides.",
    )
    keep: ClockInput | None = Field(
        None,
        description="公开后须保留多久：公示期或保留期 | How long it must stay once it is published:"
        " a min_display or keep_online clock.",
    )


class PreviewRequest(Input):
    """What the calculator takes."""

    formed_on: date = Field(ge=date(1949, 10, 1), le=date(2999, 12, 31))
    rule: RuleInput
    region: str = Region


class DayView(View):
    """A day of the table: what it is, whether it counts, and the notice that says so."""

    date: Day
    kind: Literal["start", "workday", "rest_day", "weekend", "working_weekend"]
    counted: bool
    notice: str


class Preview(View):
    """The due day with the table of days, or why there is none; and whose calendar was counted."""

    region: str
    calendar: str = Field(description="所用日历的地区 | The region whose calendar was counted.")
    note: Words | None = None
    due_on: date | None
    keep_until: date | None = Field(
        None,
        description="当日公开的，须保留至此日 | Until when it must stay, where it was published on"
        " the day it was formed on.",
    )
    clock: Words | None = Field(None, description="期限的文字表述 | The clock in words.")
    verdict: Literal["calendar_unknown"] | None = None
    days: list[DayView] | None = None


class VersionOrder(Input):
    """A year's holiday notice, or its correction."""

    region: str = Region
    year: int = Field(ge=2004, le=2200)
    notice: str = Field(
        min_length=4, max_length=300, description="通知名称与文号 | Name and number of the notice."
    )
    rest_days: list[date] = Field(
        max_length=60, description="周一至周五中放假的日期 | Days off, Monday to Friday."
    )
    working_weekends: list[date] = Field(
        max_length=30, description="周末中上班的日期 | Weekend days at work."
    )


class VersionView(View):
    """A version of the calendar."""

    model_config = ConfigDict(from_attributes=True)

    region: str
    version: int
    year: int
    notice: str
    rest_days: list[date]
    working_weekends: list[date]
    created_at: AwareDatetime


class CalendarDay(View):
    """A day with its ordinals."""

    model_config = ConfigDict(from_attributes=True)

    date: Day
    is_workday: bool
    ord_start: int
    ord_end: int
    source_notice: str
    version: int


class CalendarView(View):
    """A year of the calendar; `status` calendar_unknown while its notice is not loaded."""

    region: str
    calendar: str = Field(description="所用日历的地区 | The region whose calendar this is.")
    note: Words | None = None
    year: int
    status: Literal["loaded", "calendar_unknown"]
    versions: list[VersionView]
    days: list[CalendarDay]
