"""Exceptions of single days as the API takes and gives them."""

from datetime import date, time, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.appointments.schedules.closure_schemas import Reason, SlotsChanged
from services.appointments.schedules.schemas import Code, HallRef
from services.appointments.slots.models import Pool
from shared.errors import Text
from shared.web.models import Input, View
from shared.web.wall_times import WallTime

LONGEST = timedelta(days=92)
"""Three months."""
_ONE_THING = Text(
    "请只写一个对象：一条规则、一个事项或一个窗口", "Name one thing: a rule, an item or a window"
)
_ONE_CHANGE = Text(
    "请只写一种变动：时间、名额或窗口的接待比例",
    "Give one change: other hours, other places, or how much of the usual a window sees",
)
_DAYS = Text(
    "结束日期不能早于开始日期，一次最多三个月",
    "The last day must not be before the first, and an exception lasts three months at most",
)
_HOURS = Text("结束时间应晚于开始时间", "It must end after it begins")
_PLACES = Text(
    "名额按规则或事项填写，接待比例按窗口填写",
    "Places are those of a rule or of an item's rules; a share is that of a window",
)
_AS_USUAL = Text(
    "100% 就是平时的接待量，不用调整；已有的调整不再需要的，请取消那一次",
    "100 % is what it usually sees: that needs no exception; lift one that is not needed any more",
)
_SCOPE = "只写一个 | Of the three, one"
_CHANGE = "三种变动只写一种 | Of the three changes, one"

DayPlaces = Annotated[int, Field(ge=0, le=1000)]
Percent = Annotated[int, Field(ge=1, le=300)]
Capacity = Annotated[
    dict[Pool, DayPlaces],
    Field(min_length=1, description=f"每个号源池当天的名额；{_CHANGE}: the places in each pool"),
]


class ScheduleExceptionTerms(View):
    """What is different, for what, and on which days."""

    model_config = ConfigDict(from_attributes=True)

    first_on: date
    last_on: date
    rule_code: Code | None = Field(None, description=_SCOPE)
    item_code: str | None = Field(None, pattern=r"^[A-Z0-9-]{2,64}$", description=_SCOPE)
    window_no: int | None = Field(None, ge=1, le=999, description=_SCOPE)
    starts: WallTime | None = Field(None, description=f"{_CHANGE}: from when")
    ends: WallTime | None = Field(None, description="00:00 表示当天结束 | 00:00 ends the day")
    capacity: Capacity | None = None
    percent: Percent | None = Field(
        None, description="窗口接待量占平时的百分比 | How much of what it usually sees, per cent"
    )
    reason: Reason


class ScheduleExceptionIn(Input, ScheduleExceptionTerms):
    """A rule's, an item's or a window's other hours or places on some days.

    With `dry_run` nothing is written.
    """

    hall_code: HallRef
    dry_run: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if [self.rule_code, self.item_code, self.window_no].count(None) != 2:
            raise ValueError(_ONE_THING)
        if [self.starts, self.capacity, self.percent].count(None) != 2:
            raise ValueError(_ONE_CHANGE)
        ensure_sound(self)
        return self


class ScheduleExceptionUpdate(Input):
    """The exception as it shall be: what is left out stays; its thing and kind of change stay."""

    first_on: date | None = None
    last_on: date | None = None
    starts: WallTime | None = None
    ends: WallTime | None = Field(None, description="00:00 表示当天结束 | 00:00 ends the day")
    capacity: Capacity | None = None
    percent: Percent | None = Field(
        None, description="窗口接待量占平时的百分比 | How much of what it usually sees, per cent"
    )
    reason: Reason | None = None
    dry_run: bool = False
    version: int | None = Field(None, ge=1, description="所见版本 | The version that you have seen")


def ensure_sound(terms: ScheduleExceptionTerms) -> None:
    """Raises ValueError for days or hours that run backwards, and for a change that does not suit
    what it is about."""
    if not timedelta() <= terms.last_on - terms.first_on < LONGEST:
        raise ValueError(_DAYS)
    if (terms.starts is None) != (terms.ends is None):
        raise ValueError(_ONE_CHANGE)
    if terms.percent == 100:
        raise ValueError(_AS_USUAL)
    starts, ends = terms.starts, terms.ends
    if starts is not None and ends is not None and time() != ends <= starts:
        raise ValueError(_HOURS)
    if (terms.capacity is not None and terms.window_no is not None) or (
        terms.percent is not None and terms.window_no is None
    ):
        raise ValueError(_PLACES)


class ScheduleExceptionView(ScheduleExceptionTerms):
    """An exception in force."""

    id: UUID
    hall_code: str
    version: int


class ScheduleExceptionDone(SlotsChanged, ScheduleExceptionTerms):
    """An exception, and what making, changing or lifting it does: the first 1000 of each list."""

    id: UUID | None = Field(description="试算新增时为空 | Null for the dry run of a new one")
    hall_code: str
    version: int
