"""Clocks counted naively, day by day, and clocks and calendars to count with."""

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import strategies as st

from services.projects.calendar.clocks import ClockRule, as_data, from_data
from services.projects.calendar.models import CountedIn, Every, RuleKind
from shared.workdays import Workdays

FIRST, LENGTH = date(2023, 12, 1), 420
LAST = FIRST + timedelta(days=LENGTH - 1)
DAY = timedelta(days=1)


def naive_workday(day: date, n: int, works: set[date]) -> date | None:
    """The n-th working day after it."""
    while n > 0:
        day += DAY
        if day > LAST:
            return None
        n -= day in works
    return day


def naive_roll(day: date, works: set[date]) -> date | None:
    while day not in works:
        day += DAY
        if day > LAST:
            return None
    return day if day <= LAST else None


def naive_months(day: date, n: int) -> date:
    year, month, number = day.year, day.month, day.day
    for _ in range(n):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def naive_period_end(every: Every, day: date) -> date:
    def label(d: date) -> tuple[int, int]:
        months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[every]
        return d.year, (d.month + months - 1) // months

    start = label(day)
    while label(day + DAY) == start:
        day += DAY
    return day


def naive_after(rule: ClockRule, day: date, works: set[date]) -> date | None:
    counted = rule.counted_in or {
        RuleKind.WORKING_DAYS: CountedIn.WORKING_DAYS,
        RuleKind.CALENDAR_DAYS: CountedIn.CALENDAR_DAYS,
        RuleKind.MONTHS: CountedIn.MONTHS,
        RuleKind.MIN_DISPLAY: CountedIn.CALENDAR_DAYS,
    }.get(rule.kind, CountedIn.WORKING_DAYS)
    if counted is CountedIn.WORKING_DAYS:
        return naive_workday(day, rule.n, works)
    day = naive_months(day, rule.n) if counted is CountedIn.MONTHS else day + rule.n * DAY
    return naive_roll(day, works) if rule.roll_forward else day


def naive_due(rule: ClockRule, formed_on: date, works: set[date]) -> date | None:
    """None: not known. What is not known lies after LAST."""
    if rule.kind is RuleKind.REALTIME:
        own = naive_roll(formed_on, works)
    elif rule.kind is RuleKind.SAME_TIME_AS and rule.n == 0:
        own = formed_on
    elif rule.kind is RuleKind.PERIOD and rule.every:
        own = naive_after(rule, naive_period_end(rule.every, formed_on), works)
    else:
        own = naive_after(rule, formed_on, works)
    found = [own, *(naive_due(other, formed_on, works) for other in rule.stricter_of)]
    known = [day for day in found if day is not None]
    if len(known) < len(found):
        known = [day for day in known if day <= LAST]
    return min(known, default=None)


COUNTED = st.sampled_from(list(CountedIn))
PLAIN_RULES = st.one_of(
    st.builds(
        ClockRule,
        kind=st.sampled_from([RuleKind.WORKING_DAYS, RuleKind.CALENDAR_DAYS]),
        n=st.integers(1, 40),
        roll_forward=st.booleans(),
    ),
    st.builds(
        ClockRule,
        kind=st.just(RuleKind.MONTHS),
        n=st.integers(1, 6),
        roll_forward=st.booleans(),
    ),
    st.builds(
        ClockRule,
        kind=st.sampled_from([RuleKind.PERIOD]),
        n=st.integers(1, 12),
        every=st.sampled_from(list(Every)),
        counted_in=COUNTED,
        roll_forward=st.booleans(),
    ),
    st.builds(
        ClockRule,
        kind=st.just(RuleKind.SAME_TIME_AS),
        n=st.integers(0, 5),
        counted_in=COUNTED,
        roll_forward=st.booleans(),
    ),
    st.just(ClockRule(RuleKind.REALTIME)),
)


@st.composite
def rules(draw: st.DrawFn) -> ClockRule:
    """A clock, by itself or the strictest of several."""
    own = draw(PLAIN_RULES)
    others = draw(st.lists(PLAIN_RULES, max_size=2))
    return from_data(as_data(own) | {"stricter_of": [as_data(other) for other in others]})


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Workdays, set[date]]:
    """Weeks of working days with holidays and make-up days anywhere; its last day works."""
    moved = draw(st.sets(st.integers(0, LENGTH - 2), max_size=30))
    flags = [
        ((FIRST + at * DAY).weekday() < 5) is not (at in moved) or at == LENGTH - 1
        for at in range(LENGTH)
    ]
    works = {FIRST + at * DAY for at, is_work in enumerate(flags) if is_work}
    return Workdays(FIRST, flags), works


def around(day: date) -> Iterator[date]:
    return (day + at * DAY for at in range(-4, 5) if FIRST <= day + at * DAY <= LAST)
