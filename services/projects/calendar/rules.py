"""The clock of disclosure: ordinals of days, and the last day something is in time. Pure.

An ordinal turns every comparison of working days into one of integers, and stays right on a duty
when a later notice moves days: only the calendar's own rows change.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from services.projects.calendar.models import Day, RuleKind
from shared.errors import Conflict, Invalid, Text
from shared.workdays import FIRST_YEAR, CalendarUnknown, Workdays

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


def workday(ordinal: int, calendar: Workdays) -> date:
    """The working day with that ordinal. Raises CalendarUnknown after the last notice."""
    first = date(FIRST_YEAR, 1, 1)
    return calendar.nth_after(first, ordinal - calendar.ord_start(first))


@dataclass(frozen=True)
class ClockRule:
    """How long a clock runs: {kind, n} and, for a fixed date, its month and day."""

    kind: RuleKind
    n: int = 0
    month_day: str | None = None
    roll_forward: bool = True


COUNTED = (RuleKind.WORKING_DAYS, RuleKind.CALENDAR_DAYS, RuleKind.PROMPTLY)
"""Kinds of clock that need a number of days."""


def asked_clock(
    kind: RuleKind, n: int | None, month_day: str | None, *, roll_forward: bool
) -> ClockRule:
    """The clock that somebody asks for, with nothing assumed.

    Raises Invalid for a kind without an end of its own, or where its days are missing.
    """
    if kind is RuleKind.NONE:
        detail = Text("此种期限没有截止日", "This kind of clock has no end")
        raise Invalid(detail, pointer="/body/rule/kind")
    if kind in COUNTED and n is None:
        detail = Text("请填写天数", "Please say the number of days, n")
        raise Invalid(detail, pointer="/body/rule/n")
    if kind is RuleKind.FIXED_DATE and month_day is None:
        detail = Text("请填写固定日期，如 01-31", "Please say the month and day, such as 01-31")
        raise Invalid(detail, pointer="/body/rule/month_day")
    return ClockRule(kind, n or 0, month_day, roll_forward)


class Due(NamedTuple):
    """The end of a clock as ordinals; `due_ord` None: it needs a year that is not loaded."""

    basis: str
    start_ord: int | None
    due_ord: int | None


def day_number(day: date) -> int:
    return (day - EPOCH).days


def due(rule: ClockRule, formed_on: date, calendar: Workdays) -> Due:
    """The ordinals between which `rule` runs for information formed on `formed_on`.

    The first day is not counted (民法典 art. 201), the last ends at 24:00 Asia/Shanghai. Calendar
    days that end on a day of rest run to the next working day (民法典 art. 203, by analogy).
    """
    match rule.kind:
        case RuleKind.WORKING_DAYS | RuleKind.PROMPTLY:
            start = _known(calendar.ord_start, formed_on)
            return Due("working", start, None if start is None else start + rule.n)
        case RuleKind.REALTIME:
            start = _known(calendar.ord_start, formed_on)
            return Due("working", start, _known(calendar.ord_end, formed_on))
        case RuleKind.CALENDAR_DAYS if rule.roll_forward:
            last = formed_on + timedelta(days=rule.n)
            start = _known(calendar.ord_start, formed_on)
            return Due("working", start, _known(calendar.ord_end, last))
        case RuleKind.CALENDAR_DAYS:
            first = day_number(formed_on)
            return Due("calendar", first, first + rule.n)
        case RuleKind.FIXED_DATE:
            return Due("calendar", day_number(formed_on), day_number(_next(rule, formed_on)))
        case RuleKind.NONE:
            return Due("working", _known(calendar.ord_start, formed_on), None)


def due_on(rule: ClockRule, formed_on: date, calendar: Workdays) -> date:
    """The last day that is in time. Raises CalendarUnknown where a year's notice is not loaded."""
    end = due(rule, formed_on, calendar)
    if end.due_ord is None:
        raise CalendarUnknown(calendar.last_day.year + 1)
    if end.basis == "calendar":
        return EPOCH + timedelta(days=end.due_ord)
    return workday(end.due_ord, calendar)


def _known(ordinal_of: Callable[[date], int], day: date) -> int | None:
    try:
        return ordinal_of(day)
    except CalendarUnknown:
        return None


def _next(rule: ClockRule, formed_on: date) -> date:
    """The first `month_day` on or after `formed_on`; 02-29 falls on 02-28 in a common year."""
    month, day = map(int, (rule.month_day or "01-31").split("-"))
    for year in (formed_on.year, formed_on.year + 1):
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        end = date(year, month, min(day, last))
        if end >= formed_on:
            break
    return end


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
