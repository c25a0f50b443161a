"""Beyond the hours of the hall only late-closing windows serve. Pure: no clock, no database.

A day for which the hall prints no hours is not judged: a rule for it is its own announcement.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.appointments.directory.openings import Openings, Period, periods_on
from services.appointments.directory.schemas import OpeningHours
from services.appointments.schedules.closures import Served
from services.appointments.schedules.models import ScheduleRule

LateHours = Mapping[int, Sequence[OpeningHours]]
"""When each late-closing window serves though the hall is not open, by its number."""


class OpeningLimits(NamedTuple):
    """The hours of a hall, and of its late-closing windows."""

    hall: Openings
    late: LateHours

    def on(self, day: date) -> "DayLimits | None":
        """Those of a day; None where none is printed for it."""
        hours = self.hall.hours_on(day)
        if not hours:
            return None
        late = {
            window: [*periods_on(day, each, self.hall.zone), *hours]
            for window, each in self.late.items()
        }
        return DayLimits(hours, late)

    def reaches_beyond(self, rule: ScheduleRule, served: Served) -> bool:
        """Whether the rule begins before or ends after all hours, on one of its weekdays, in which
        the hall or a late-closing window that serves one of its items is open."""
        for weekday in rule.weekdays:
            day = date(2024, 1, weekday)  # 1 January 2024 was a Monday
            open_ = self.hall.hours_on(day, weekday)
            if not open_:
                continue
            for window, hours in self.late.items():
                if not served.get(window, frozenset()).isdisjoint(rule.item_codes):
                    open_ = [*open_, *periods_on(day, hours, self.hall.zone, weekday)]
            [own] = periods_on(day, [_own(rule, weekday)], self.hall.zone, weekday)
            if own.starts < min(open_).starts or own.ends > max(p.ends for p in open_):
                return True
        return False


def _own(rule: ScheduleRule, weekday: int) -> OpeningHours:
    return OpeningHours(weekdays=[weekday], opens=rule.starts, closes=rule.ends)


class DayLimits(NamedTuple):
    """On one day: when the hall is open, and when a late-closing window serves."""

    hours: Sequence[Period]
    late: Mapping[int, Sequence[Period]]

    def served(self, starts_at: datetime, ends_at: datetime, served: Served) -> Served:
        """What the windows serve in that time: all of them while the hall is open."""
        if _lies_in(starts_at, ends_at, self.hours):
            return served
        return {
            window: served[window]
            for window, periods in self.late.items()
            if window in served and _lies_in(starts_at, ends_at, periods)
        }


def _lies_in(starts_at: datetime, ends_at: datetime, periods: Sequence[Period]) -> bool:
    """Whether all of the time lies in periods that follow one another."""
    reached = starts_at
    for period in sorted(periods):
        if period.starts <= reached:
            reached = max(reached, period.ends)
    return reached >= ends_at
