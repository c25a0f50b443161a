"""The clock of disclosure: ordinals of days, and the last day something is in time. Pure.

An ordinal turns every comparison of working days into one of integers, and stays right on a duty
when a later notice moves days: only the calendar's own rows change.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from services.projects.calendar.clocks import STAYS, ClockRule, Counts, End, after, ends
from services.projects.calendar.models import Day, RuleKind
from services.projects.calendar.schemas import ClockInput, RuleInput
from shared.errors import Conflict, Invalid, Text
from shared.workdays import CalendarUnknown, Workdays

EPOCH = date(2000, 1, 1)
"""Day 0 of the plain day numbers that clocks of calendar days use."""


class UnknownRegion(Invalid):
    """A region that is not registered; member `known` lists those that are."""

    type = "/problems/unknown-region"
    title = Text("没有登记这个地区", "This region is not registered")
    advice = Text(
        "请从已登记的地区中选一个，或先登记这个地区",
        "Choose a region that is registered, or register this one first",
    )


class OtherRegion(Conflict):
    """The code is registered under another name; member `name` is that name."""

    type = "/problems/region-registered"
    title = Text("该代码已登记为别的地区", "This code is registered as another region")
    advice = Text(
        "请换一个代码，或使用已登记的地区",
        "Please choose another code, or use the region that is registered",
    )


def no_own_calendar(name: str, name_en: str) -> Text:
    """That a region keeps the nation's working days."""
    return Text(
        f"{name}没有自己的放假安排，按全国日历计算",
        f"{name_en} has no notice of its own: the national calendar was counted",
    )


class Numbered(NamedTuple):
    """A day with its ordinals: working days up to it, and the first working day from it on."""

    date: Day
    is_workday: bool
    ord_start: int
    ord_end: int


def number(days: Iterable[tuple[date, bool]], worked_before: int = 0) -> Iterator[Numbered]:
    """`days`, in order and without gaps, with their ordinals after `worked_before` working days."""
    count = worked_before
    for day, is_workday in days:
        count += is_workday
        yield Numbered(day, is_workday, count, count if is_workday else count + 1)


NEED_N = (
    *(RuleKind.WORKING_DAYS, RuleKind.CALENDAR_DAYS, RuleKind.PROMPTLY, RuleKind.MONTHS),
    *STAYS,
)
"""Kinds of clock that need a number of days or months."""


def asked_clock(asked: RuleInput, pointer: str = "/body/rule") -> ClockRule:
    """The clock that somebody asks for, with nothing assumed.

    Raises Invalid for a kind without an end of its own, or where what it needs is missing.
    """
    rule = _asked(asked, pointer)
    if asked.keep is not None and (rule.kind in STAYS or asked.keep.kind not in STAYS):
        detail = Text(
            "保留期限只能是公示期或保留期，且只能附在公开期限之后",
            "Only a time on display or online goes with a limit to publish",
        )
        raise Invalid(detail, pointer=f"{pointer}/keep")
    for place, other in enumerate(asked.stricter_of):
        if other.kind in STAYS:
            detail = Text("公示期不能与公开期限比较", "A time to stay ends no other clock")
            raise Invalid(detail, pointer=f"{pointer}/stricter_of/{place}/kind")
    return replace(
        rule,
        keep=None if asked.keep is None else _asked(asked.keep, f"{pointer}/keep"),
        stricter_of=tuple(
            _asked(other, f"{pointer}/stricter_of/{place}")
            for place, other in enumerate(asked.stricter_of)
        ),
    )


def _asked(asked: ClockInput, pointer: str) -> ClockRule:
    if asked.kind is RuleKind.NONE:
        detail = Text("此种期限没有截止日", "This kind of clock has no end")
        raise Invalid(detail, pointer=f"{pointer}/kind")
    is_open = asked.kind is RuleKind.PERIOD and asked.month_day is None
    if asked.n is None and (asked.kind in NEED_N or is_open):
        detail = Text("请填写天数", "Please say the number of days, n")
        raise Invalid(detail, pointer=f"{pointer}/n")
    if asked.kind is RuleKind.FIXED_DATE and asked.month_day is None:
        detail = Text("请填写固定日期，如 01-31", "Please say the month and day, such as 01-31")
        raise Invalid(detail, pointer=f"{pointer}/month_day")
    if asked.kind is RuleKind.PERIOD and asked.every is None:
        detail = Text("请填写周期，如每季度", "Please say the period, such as every quarter")
        raise Invalid(detail, pointer=f"{pointer}/every")
    return ClockRule(
        asked.kind,
        asked.n or 0,
        asked.month_day,
        asked.roll_forward,
        asked.counted_in,
        asked.every,
    )


class Due(NamedTuple):
    """The end of a clock as ordinals; `due_ord` None: it needs a year that is not loaded."""

    basis: str
    start_ord: int | None
    due_ord: int | None


def day_number(day: date) -> int:
    return (day - EPOCH).days


def due(rule: ClockRule, formed_on: date, calendar: Workdays) -> Due:
    """The ordinals between which `rule` runs for information formed on `formed_on`.

    The last day ends at 24:00 Asia/Shanghai. Plain days are numbered plainly, working days by the
    notices; where ends of both sorts meet, their days are compared.
    """
    return due_of(ends(rule, formed_on), formed_on, calendar)


def due_of(found: Sequence[End], formed_on: date, calendar: Workdays) -> Due:
    """The same of ends that are known."""
    if any(end.counts is Counts.PLAIN for end in found):
        known = [_end_day(end, calendar) for end in found]
        last = _earliest(
            [None if day is None else day_number(day) for day in known],
            day_number(calendar.last_day),
        )
        return Due("calendar", day_number(formed_on), last)
    start = _known(calendar.ord_start, formed_on)
    if not found:
        return Due("working", start, None)
    last_ord = calendar.ord_start(calendar.last_day)
    return Due("working", start, _earliest([_end_ord(end, calendar) for end in found], last_ord))


def _earliest(known: Sequence[int | None], last: int) -> int | None:
    """The earliest of the ends. One that is not known lies after the last day that is."""
    least = min((each for each in known if each is not None), default=None)
    return least if None not in known or (least is not None and least <= last) else None


def _end_ord(end: End, calendar: Workdays) -> int | None:
    if end.counts is Counts.NEXT:
        return _known(calendar.ord_end, end.on)
    start = _known(calendar.ord_start, end.on)
    return None if start is None else start + end.n


def _end_day(end: End, calendar: Workdays) -> date | None:
    if end.counts is Counts.PLAIN:
        return end.on
    ordinal = _end_ord(end, calendar)
    try:
        return None if ordinal is None else calendar.of_ordinal(ordinal)
    except CalendarUnknown:
        return None


def stays_until(rule: ClockRule, published_on: date, calendar: Workdays) -> date | None:
    """The last day on which what was published on `published_on` must still be there, by a rule of
    STAYS; None while a year's notice is not loaded. The day of publication is not counted.
    """
    return _end_day(after(rule, published_on), calendar)


def due_on(rule: ClockRule, formed_on: date, calendar: Workdays) -> date:
    """The last day that is in time; of a time to stay, its last day.

    Raises CalendarUnknown where a year's notice is not loaded.
    """
    if rule.kind in STAYS:
        stays = stays_until(rule, formed_on, calendar)
        if stays is None:
            raise CalendarUnknown(calendar.last_day.year + 1)
        return stays
    end = due(rule, formed_on, calendar)
    if end.due_ord is None:
        raise CalendarUnknown(calendar.last_day.year + 1)
    if end.basis == "calendar":
        return EPOCH + timedelta(days=end.due_ord)
    return calendar.of_ordinal(end.due_ord)


def _known(ordinal_of: Callable[[date], int], day: date) -> int | None:
    try:
        return ordinal_of(day)
    except CalendarUnknown:
        return None


def check_notice(year: int, rest_days: list[date], working_weekends: list[date]) -> None:
    """Raises Invalid for a day that is not of the year or not of the kind the notice says.

    Where a notice also moves days of the December before, that year gets a version of its own.
    """
    for name, days, weekend in (
        ("rest_days", rest_days, False),
        ("working_weekends", working_weekends, True),
    ):
        for place, day in enumerate(days):
            if day.year != year or (day.weekday() >= 5) is not weekend:
                raise Invalid(
                    Text(
                        f"{day} 不是{year}年{'周末' if weekend else '周一至周五'}的日期",
                        f"{day} is no {'weekend day' if weekend else 'Monday to Friday'} of {year}",
                    ),
                    pointer=f"/body/{name}/{place}",
                )
