"""Working days: official, versioned, and never guessed.

A year without its holiday notice is unknown: CalendarUnknown, not "Monday to Friday". Two ordinals
make a deadline an addition: `ord_start(d)` working days lie on or before `d`; an act on `d` falls
in working day `ord_end(d)`. It is in time if and only if `ord_end(d) <= ord_start(start) + n`.
The start day is not counted (民法典 art. 201).
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from chinese_calendar import constants

from shared.clock import SHANGHAI, day_start

FIRST_YEAR, LAST_YEAR = 2004, 2026
"""Years of which `chinesecalendar` knows the notice of the State Council's General Office."""


class CalendarUnknown(Exception):
    """The holiday notice of `year` is not loaded."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holiday notice for {year}")
        self.year = year


class DueDate(NamedTuple):
    """The last day of a limit; `provisional` where a year's holiday notice is not loaded."""

    on: date
    provisional: bool

    @property
    def at(self) -> datetime:
        """24:00 of the last day in Asia/Shanghai: the first moment that is too late."""
        return day_start(self.on + timedelta(days=1))


class Workdays:
    """A calendar over consecutive days."""

    def __init__(self, first: date, flags: list[bool]) -> None:
        self._first, self._flags = first, flags
        self._workdays = [first + timedelta(days=i) for i, works in enumerate(flags) if works]
        self.last_day = first + timedelta(days=len(flags) - 1)
        """The last day that is known."""

    @classmethod
    def from_days(cls, days: Iterable[tuple[date, bool]]) -> "Workdays":
        """Of (day, is a working day); what follows a gap is left out, for nothing spans a gap."""
        known = sorted(dict(days).items())
        first = known[0][0] if known else date(FIRST_YEAR, 1, 1)
        flags: list[bool] = []
        for day, works in known:
            if (day - first).days != len(flags):
                break
            flags.append(works)
        return cls(first, flags)

    def covers(self, year: int) -> bool:
        """Whether the whole year is known."""
        return self._first <= date(year, 1, 1) and date(year, 12, 31) <= self.last_day

    def is_workday(self, day: date) -> bool:
        """Raises CalendarUnknown."""
        self._known(day)
        return self._flags[(day - self._first).days]

    def ord_start(self, day: date) -> int:
        """How many working days lie on or before `day`. Raises CalendarUnknown."""
        self._known(day)
        return bisect_right(self._workdays, day)

    def ord_end(self, day: date) -> int:
        """The ordinal of the working day in which an act on `day` falls. Raises CalendarUnknown."""
        return self.ord_start(day) + (0 if self.is_workday(day) else 1)

    def of_ordinal(self, ordinal: int) -> date:
        """The working day with that ordinal. Raises CalendarUnknown."""
        if ordinal > len(self._workdays):
            raise CalendarUnknown(self.last_day.year + 1)
        if ordinal < 1:
            raise CalendarUnknown(self._first.year - 1)
        return self._workdays[ordinal - 1]

    def nth_after(self, day: date, n: int) -> date:
        """The n-th working day strictly after `day`; `day` itself for 0. Raises CalendarUnknown."""
        if n <= 0:
            return day
        place = self.ord_start(day) + n - 1
        if place >= len(self._workdays):
            raise CalendarUnknown(self.last_day.year + 1)
        return self._workdays[place]

    def count_between(self, after: date, until: date) -> int:
        """Working days after `after` up to and including `until`; negative if `until` is before."""
        return self.ord_start(until) - self.ord_start(after)

    def with_days(self, days: Iterable[tuple[date, bool]]) -> "Workdays":
        """This calendar overlaid with `days`."""
        own = ((self._first + timedelta(days=i), works) for i, works in enumerate(self._flags))
        return Workdays.from_days([*own, *days])

    def _known(self, day: date) -> None:
        if not self._first <= day <= self.last_day:
            raise CalendarUnknown(day.year)


OFFICE_OPENS, OFFICE_CLOSES = time(8, 30), time(17, 30)


def in_office_hours(now: datetime, calendar: Workdays) -> bool:
    """Whether people at work may be disturbed: 08:30-17:30 of a working day, in Asia/Shanghai.

    False while the year's holiday notice is not loaded: nobody is pressed on a guess.
    """
    local = now.astimezone(SHANGHAI)
    try:
        works = calendar.is_workday(local.date())
    except CalendarUnknown:
        return False
    return works and OFFICE_OPENS <= local.time() < OFFICE_CLOSES


def works_or_guess(day: date, calendar: Workdays) -> tuple[bool, bool]:
    """Whether `day` is a working day, and whether that is a guess."""
    try:
        return calendar.is_workday(day), False
    except CalendarUnknown:
        return day.weekday() < 5, True


def nth_after_or_guess(day: date, n: int, calendar: Workdays) -> DueDate:
    """The n-th working day strictly after `day`, Monday to Friday where no notice is loaded."""
    guessed = False
    while n > 0:
        day += timedelta(days=1)
        works, guess = works_or_guess(day, calendar)
        guessed |= guess
        n -= works
    return DueDate(day, guessed)


def year_days(
    year: int, rest_days: Iterable[date], working_weekends: Iterable[date]
) -> list[tuple[date, bool]]:
    """Every day of a year from its notice: weekdays off and weekend days at work."""
    off, on = set(rest_days), set(working_weekends)
    first = date(year, 1, 1)
    count = (date(year + 1, 1, 1) - first).days
    days = (first + timedelta(days=i) for i in range(count))
    return [(d, d in on or (d.weekday() < 5 and d not in off)) for d in days]


@lru_cache(maxsize=1)
def official() -> Workdays:
    """The calendar of the published notices, 2004 to 2026."""
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    on, off = constants.workdays, constants.holidays
    # As `chinese_calendar.is_workday`, which checks each day anew and takes the process 0.2 s.
    return Workdays.from_days((d, d in on or (d.weekday() < 5 and d not in off)) for d in days)
