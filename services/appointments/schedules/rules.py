"""From rules to slots. Pure: no clock, no database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.schedules.closures import Served, Shut, Slowed, left_of
from services.appointments.schedules.exceptions import (
    Exceptional,
    shut_on,
    slowed_on,
    terms_on,
)
from services.appointments.schedules.making import (
    Place,
    WantedSlot,
    carried_over,
    released,
    slots_of_day,
)
from services.appointments.schedules.models import CalendarKind, ScheduleRule
from services.appointments.schedules.opening_limits import DayLimits, OpeningLimits
from services.appointments.schedules.weeks import DayCalendar, EveryDay, is_nth, monday
from services.appointments.slots.rules import ComingSlot
from shared.workdays import CalendarUnknown, Workdays

EXTRA_DAYS = 7
"""Slots are made this many days beyond the horizon, so that a missed night costs nothing."""
_LONGEST_LOOK = 400


Promised = Mapping[Place, Mapping[str, int]]
"""How many places are promised for each item, by a slot's rule, pool and start."""


Serves = Callable[[str, date], bool]
"""Whether the hall has a window for the item on that day, and the item is in force."""


class Plan(NamedTuple):
    """The slots of a hall's rules, and the years in which a rule could make none."""

    slots: list[WantedSlot]
    unknown_years: frozenset[int]


def calendar_of(rule: ScheduleRule, official: Workdays) -> DayCalendar:
    """The calendar that the rule counts its days by."""
    return EveryDay() if rule.calendar is CalendarKind.EVERY_DAY else official


@dataclass(frozen=True)
class Circumstances:
    """What besides its rules decides which slots a hall has: its calendar, hours, windows and
    closures, the days that differ, and what is on sale by now."""

    official: Workdays
    zone: ZoneInfo
    served: Served
    now: datetime
    closures: Sequence[Shut] = ()
    promised: Promised = field(default_factory=dict)
    serves: Serves = lambda item, day: True
    exceptions: Sequence[Exceptional] = ()
    limits: OpeningLimits | None = None
    ceded: Mapping[Place, int] = field(default_factory=dict)
    """How many places went from or came to a slot on sale."""
    booked: Mapping[Place, int] = field(default_factory=dict)


def plan(rules: Iterable[ScheduleRule], there: Circumstances) -> Plan:
    """Every slot that has not begun, up to each rule's horizon and a week more.

    A day whose year has no holiday notice gets no slots, and its year is named: it is never taken
    for an ordinary week.
    """
    slots: list[WantedSlot] = []
    unknown: set[int] = set()
    for piece in pieces(rules, there):
        slots += piece.slots
        unknown |= piece.unknown_years
    return Plan(slots, frozenset(unknown))


def pieces(rules: Iterable[ScheduleRule], there: Circumstances) -> Iterator[Plan]:
    """The same plan, a rule's day at a time, so that others can be served in between."""
    for rule in rules:
        try:
            for day in _days_of(rule, calendar_of(rule, there.official), there):
                yield Plan(_of_day(rule, day, there), frozenset())
        except CalendarUnknown as error:
            yield Plan([], frozenset({error.year}))


def _days_of(rule: ScheduleRule, calendar: DayCalendar, there: Circumstances) -> Iterator[date]:
    """The days on which the rule makes slots. Raises CalendarUnknown after those known."""
    today = there.now.astimezone(there.zone).date()
    for day in _days_to_horizon(today, rule.horizon_workdays, calendar):
        if applies(rule, day) and calendar.is_workday(day):
            yield day


def _of_day(rule: ScheduleRule, day: date, there: Circumstances) -> list[WantedSlot]:
    """The rule's slots of the day, with what closures, windows and hours leave of them."""
    different = [one for one in there.exceptions if one.is_on(day)]
    terms, calendar = terms_on(rule, different), calendar_of(rule, there.official)
    made = [*slots_of_day(rule, terms, day, calendar, there.zone, there.now)]
    if not made:
        return []
    around = _around(day, made[0].starts_at, made[-1].ends_at, there)
    left = (_open(slot, around) for slot in carried_over(made, there.ceded))
    return [
        released(slot, there.booked.get(slot.place, 0), there.now)
        for slot in left
        if slot is not None
    ]


def is_over(row: ComingSlot, there: Circumstances) -> bool:
    """Whether nobody is seen in the slot, for none of its items."""
    slot = WantedSlot(
        row.rule_code,
        row.pool,
        tuple(row.item_codes),
        row.on_date,
        row.starts_at,
        row.minutes,
        row.capacity,
        row.opens_at,
        row.closes_at,
    )
    return _open(slot, _around(row.on_date, row.starts_at, row.ends_at, there)) is None


class _DayAround(NamedTuple):
    """What of a day its slots depend on."""

    closures: Sequence[Shut]
    slowed: Sequence[Slowed]
    limits: DayLimits | None
    there: Circumstances


def _around(day: date, starts_at: datetime, ends_at: datetime, there: Circumstances) -> _DayAround:
    different = [one for one in there.exceptions if one.is_on(day)]
    closures = [one for one in there.closures if one.touches(starts_at, ends_at)]
    return _DayAround(
        [*closures, *shut_on(day, there.zone, different)],
        slowed_on(different),
        there.limits.on(day) if there.limits else None,
        there,
    )


def _open(slot: WantedSlot, around: _DayAround) -> WantedSlot | None:
    """What is left of the slot, for the items that the hall serves on its day."""
    there, served = around.there, around.there.served
    items = tuple(item for item in slot.item_codes if there.serves(item, slot.on_date))
    if around.limits is not None:
        served = around.limits.served(slot.starts_at, slot.ends_at, served)
        if served is not there.served:
            known = frozenset[str]().union(*served.values())
            items = tuple(item for item in items if item in known)
    if items != slot.item_codes:
        slot = slot._replace(item_codes=items)
    if not ((around.closures or around.slowed) and items):
        return slot if items else None
    left = left_of(
        slot.rule_code,
        slot.item_codes,
        slot.starts_at,
        slot.ends_at,
        around.closures,
        served,
        around.slowed,
    )
    if not left.items:
        return None
    places = left.places(slot.capacity, there.promised.get(slot.place, {}))
    return slot._replace(item_codes=left.items, capacity=places, spared=tuple(sorted(left.spared)))


def _days_to_horizon(today: date, horizon: int, calendar: DayCalendar) -> Iterator[date]:
    """From today to the last day of the horizon, and `EXTRA_DAYS` more."""
    passed, beyond = 0, 0
    for offset in range(_LONGEST_LOOK):
        day = today + timedelta(days=offset)
        yield day
        if passed >= horizon:
            beyond += 1
            if beyond > EXTRA_DAYS:
                return
        elif calendar.is_workday(day + timedelta(days=1)):
            passed += 1


def applies(rule: ScheduleRule, day: date) -> bool:
    """Whether the rule's weekdays, weeks and validity take in the day."""
    if day.isoweekday() not in rule.weekdays:
        return False
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_to and day > rule.valid_to):
        return False
    if rule.nth_week is not None and not is_nth(day, rule.nth_week):
        return False
    if rule.every_n_weeks > 1 and rule.anchor_on is not None:
        weeks = (monday(day) - monday(rule.anchor_on)).days // 7
        return weeks % rule.every_n_weeks == 0
    return True
