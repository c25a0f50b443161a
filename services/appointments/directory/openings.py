"""When a hall is open, by its printed hours and without its closures. Pure.

A hall that has printed no hours is open at any time, as far as anybody knows.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.directory.schemas import OpeningHours

LOOKED_AHEAD_DAYS = 60


class Period(NamedTuple):
    """From `starts` up to, and without, `ends`."""

    starts: datetime
    ends: datetime


class Openings:
    """The hours of one hall, in its zone, and the periods in which it is closed all the same."""

    def __init__(
        self, hours: Sequence[OpeningHours], zone: str, closed: Sequence[Period] = ()
    ) -> None:
        self.zone = ZoneInfo(zone)
        self._hours = hours
        self._closed = sorted(closed)

    def is_shut(self, now: datetime) -> bool:
        """Whether it is a day without hours, or a closure goes on. Before and after: not shut."""
        if any(period.starts <= now < period.ends for period in self._closed):
            return True
        return bool(self._hours) and not list(self._periods(now.astimezone(self.zone).date()))

    def closes_on(self, day: date) -> datetime | None:
        """The end of the day's last hours; None on a day without any."""
        return max((period.ends for period in self._periods(day)), default=None)

    def next_opening(self, now: datetime) -> datetime | None:
        """When the hall opens next, in its own zone; None where that is not known."""
        today = now.astimezone(self.zone).date()
        for ahead in range(LOOKED_AHEAD_DAYS):
            for period in sorted(self._periods(today + timedelta(days=ahead))):
                opens = self._first_open(period)
                if opens is not None and opens > now:
                    return opens
        return None

    def _first_open(self, period: Period) -> datetime | None:
        """The period's first moment outside every closure."""
        opens = period.starts
        for closed in self._closed:
            if closed.starts <= opens < closed.ends:
                opens = closed.ends.astimezone(self.zone)
        return opens if opens < period.ends else None

    def _periods(self, day: date) -> Iterator[Period]:
        for each in self._hours:
            if day.isoweekday() in each.weekdays:
                ends = day + timedelta(days=1) if each.closes == time() else day
                yield Period(
                    datetime.combine(day, each.opens, self.zone),
                    datetime.combine(ends, each.closes, self.zone),
                )
