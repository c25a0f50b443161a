"""What is different on a day: other hours, other places. Pure: no clock, no database.

An exception is about one thing. Of a rule (or of every rule that serves an item) it gives the hours
or the places in each pool that hold on those days instead of its own. Of a window, or of an item
where it gives hours, it says when that is served; of a window also for how many, as a share of what
it usually sees. Slots belong to no window, so that is what `closures` makes of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.schedules.closures import Shut, Slowed
from services.appointments.schedules.making import DayTerms, usual
from services.appointments.schedules.models import ScheduleException, ScheduleRule


class Exceptional(NamedTuple):
    """What is different from `first_on` to `last_on`; one of the three things it is of is named."""

    first_on: date
    last_on: date
    rule: str | None = None
    item: str | None = None
    window: int | None = None
    starts: time | None = None
    ends: time | None = None
    capacity: Mapping[str, int] | None = None
    percent: int | None = None

    def is_on(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on

    def is_of(self, rule: ScheduleRule) -> bool:
        """Whether it changes what the rule itself says of the day."""
        if self.item is not None:
            return self.capacity is not None and self.item in rule.item_codes
        return self.rule == rule.code


def repeated(wanted: Exceptional, there: Sequence[Exceptional]) -> int | None:
    """Where in `there`, by when they were made, stands what says the same of the same thing on all
    of those days; None where nothing does, or something that was made after it differs."""
    for place in range(len(there) - 1, -1, -1):
        one = there[place]
        is_near = one.first_on <= wanted.last_on and wanted.first_on <= one.last_on
        if not is_near or _about(one) != _about(wanted):
            continue
        same = one._replace(first_on=wanted.first_on, last_on=wanted.last_on) == wanted
        covers = one.first_on <= wanted.first_on and wanted.last_on <= one.last_on
        return place if same and covers else None
    return None


def _about(one: Exceptional) -> tuple[object, ...]:
    """Of what it says which kind of thing: what was made later holds in the stead of the first."""
    kinds = one.starts is not None, one.capacity is not None, one.percent is not None
    return one.rule, one.item, one.window, kinds


def exceptional(row: ScheduleException) -> Exceptional:
    """What the row says."""
    return Exceptional(
        row.first_on,
        row.last_on,
        row.rule_code,
        row.item_code,
        row.window_no,
        row.starts,
        row.ends,
        row.capacity,
        row.percent,
    )


def terms_on(rule: ScheduleRule, those: Iterable[Exceptional]) -> DayTerms:
    """What holds for the rule on a day with those exceptions: of two, what was made later. A pool
    that is not named keeps its places, and none is added."""
    terms = usual(rule)
    for one in those:
        if not one.is_of(rule):
            continue
        if one.starts is not None and one.ends is not None:
            terms = terms._replace(starts=one.starts, ends=one.ends)
        if one.capacity is not None:
            places = {pool: one.capacity.get(pool, n) for pool, n in terms.capacity.items()}
            terms = terms._replace(capacity=places)
    return terms


def shut_on(day: date, zone: ZoneInfo, those: Iterable[Exceptional]) -> list[Shut]:
    """When windows and items are not served on a day with those exceptions."""
    begins = datetime.combine(day, time(), zone)
    over = datetime.combine(day + timedelta(days=1), time(), zone)
    found = []
    for one in those:
        if one.rule is not None or one.starts is None or one.ends is None:
            continue
        starts = datetime.combine(day, one.starts, zone)
        ends = over if one.ends == time() else datetime.combine(day, one.ends, zone)
        for since, until in ((begins, starts), (ends, over)):
            if since < until:
                found.append(Shut(since, until, window=one.window, item=one.item))
    return found


def slowed_on(those: Iterable[Exceptional]) -> Sequence[Slowed]:
    """The windows that see fewer or more people than usual on a day with those exceptions."""
    return [
        Slowed(one.window, Fraction(one.percent, 100))
        for one in those
        if one.window is not None and one.percent is not None
    ]
