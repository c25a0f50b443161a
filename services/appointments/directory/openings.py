"""When a hall is open: by its printed hours and the official calendar, without its closures. Pure.

A hall that has printed no hours is open at any time, as far as anybody knows. Lists of halls print
weekdays and say nothing of holidays, so the calendar is asked (local practice, not law): a hall
that prints hours for no weekend works as offices do, and rests on a weekday that is a holiday; on
a make-up day (调休上班) the hours of the nearest weekday hold, those of Friday on a Saturday and
those of Monday on a Sunday. Of a year without its notice only the printed hours are known.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.directory.schemas import OpeningHours
from shared.workdays import CalendarUnknown, Workdays

LOOKED_AHEAD_DAYS = 400
"""A closure lasts a year at most: beyond it the next opening is still named."""
_NEAREST_WEEKDAY = {6: 5, 7: 1}
"""Whose hours hold on a weekend day at work."""


class Period(NamedTuple):
    """From `starts` up to, and without, `ends`."""

    starts: datetime
    ends: datetime


class Openings:
    """The hours of one hall, in its zone, and the periods in which it is closed all the same."""

    def __init__(
        self,
        hours: Sequence[OpeningHours],
        zone: str,
        closed: Sequence[Period] = (),
        official: Workdays | None = None,
    ) -> None:
        self.zone = ZoneInfo(zone)
        self._hours = hours
        self._closed = sorted(closed)
        self._official = official
        self._printed = {weekday for each in hours for weekday in each.weekdays}

    def is_closed(self, now: datetime) -> bool:
        """Whether a closure goes on."""
        return any(period.starts <= now < period.ends for period in self._closed)

    def is_shut(self, now: datetime) -> bool:
        """Whether it is a day without hours or its last are over, or a closure goes on.

        Before they begin, and between them, it is not shut: who comes is seen on that day.
        """
        if self.is_closed(now):
            return True
        closes = self.closes_on(now.astimezone(self.zone).date())
        return bool(self._hours) and (closes is None or now >= closes)

    def hours_on(self, day: date, weekday: int | None = None) -> list[Period]:
        """The printed hours that hold on the day, or on that weekday whatever the day, by time."""
        if weekday is not None:
            return sorted(periods_on(day, self._hours, self.zone, weekday))
        return sorted(self._periods(day))

    def closes_on(self, day: date) -> datetime | None:
        """The end of the day's last hours; None on a day without any."""
        return max((period.ends for period in self._periods(day)), default=None)

    def opens_on(self, day: date) -> datetime | None:
        """The beginning of the day's first hours; None on a day without any."""
        return min((period.starts for period in self._periods(day)), default=None)

    def goes_on(self, moment: datetime) -> bool:
        """Whether hours begin at that very moment: at midnight, where the hall never closes."""
        return any(period.starts == moment for period in self._periods(moment.date()))

    def next_opening(self, now: datetime) -> datetime | None:
        """When the hall opens next, in its own zone; None where that is not known.

        Hours that follow at once on others are no opening: a hall that never closes has none.
        """
        today = now.astimezone(self.zone).date()
        for ahead in range(LOOKED_AHEAD_DAYS):
            for period in sorted(self._periods(today + timedelta(days=ahead))):
                opens = self._first_open(period, now.astimezone(self.zone))
                if now < opens < period.ends and not self._is_open_until(opens):
                    return opens
        return None

    def closed_besides(self, closed: Period) -> "Openings":
        """The same hall, closed in that time too."""
        return Openings(self._hours, self.zone.key, [*self._closed, closed], self._official)

    def _is_open_until(self, moment: datetime) -> bool:
        """Whether hours end at that moment, with the hall open to their end."""
        day = (moment - timedelta(microseconds=1)).date()
        return any(period.ends == moment for period in self._periods(day)) and not any(
            closed.starts < moment <= closed.ends for closed in self._closed
        )

    def _first_open(self, period: Period, now: datetime) -> datetime:
        """The period's first moment from now on that is outside every closure."""
        opens = max(period.starts, now)
        for closed in self._closed:
            if closed.starts <= opens < closed.ends:
                opens = closed.ends.astimezone(self.zone)
        return opens

    def _periods(self, day: date) -> list[Period]:
        weekday = self._weekday(day)
        return [] if weekday is None else periods_on(day, self._hours, self.zone, weekday)

    def _weekday(self, day: date) -> int | None:
        """The weekday whose hours hold on that day; None where the hall rests."""
        own = day.isoweekday()
        try:
            works = None if self._official is None else self._official.is_workday(day)
        except CalendarUnknown:
            works = None
        if works and own in _NEAREST_WEEKDAY and own not in self._printed:
            return _NEAREST_WEEKDAY[own]
        if works is False and not self._printed & _NEAREST_WEEKDAY.keys():
            return None
        return own


def periods_on(
    day: date, hours: Sequence[OpeningHours], zone: ZoneInfo, weekday: int | None = None
) -> list[Period]:
    """The printed hours on a day, as on that weekday; on its own unless said."""
    found = []
    for each in hours:
        if (weekday or day.isoweekday()) in each.weekdays:
            ends = day + timedelta(days=1) if each.closes == time() else day
            found.append(
                Period(
                    datetime.combine(day, each.opens, zone),
                    datetime.combine(ends, each.closes, zone),
                )
            )
    return found
