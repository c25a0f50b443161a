"""Working days, and weeks of a month and of a year. Pure."""

from datetime import date, timedelta
from typing import Protocol


class EveryDay:
    """The calendar of a hall that works every day of the week."""

    def is_workday(self, day: date) -> bool:
        return True


class DayCalendar(Protocol):
    """Whether people are seen on a day at all. May raise CalendarUnknown."""

    def is_workday(self, day: date) -> bool: ...


def workday_back(day: date, count: int, calendar: DayCalendar) -> date:
    """The `count`-th working day when counting back, with `day` as the first.

    A slot of `day` comes on sale on the day on which it is the last of the horizon, so a horizon
    of n opens it n + 1 back; a lead of n ends its sale when the n-th back begins.
    Raises CalendarUnknown.
    """
    found = day
    for _ in range(count - 1):
        found -= timedelta(days=1)
        while not calendar.is_workday(found):
            found -= timedelta(days=1)
    return found


def is_nth(day: date, nth: int) -> bool:
    """Whether it is the nth of its weekday in its month; -1: the last, the fourth or the fifth."""
    if nth == -1:
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 == nth


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())
