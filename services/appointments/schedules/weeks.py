"""Weeks of a month and of a year. Pure."""

from datetime import date, timedelta


def is_nth(day: date, nth: int) -> bool:
    """Whether it is the nth of its weekday in its month; -1: the last, the fourth or the fifth."""
    if nth == -1:
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 == nth


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())
