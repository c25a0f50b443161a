"""From rules to slots. Pure: no clock, no database."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from services.appointments.schedules.closures import Served, Shut, left_of
from services.appointments.schedules.models import CalendarKind, ScheduleRule
from services.appointments.schedules.weeks import (
    DayCalendar,
    EveryDay,
    is_nth,
    monday,
    workday_back,
)
from services.appointments.slots.models import Pool
from shared.workdays import CalendarUnknown, Workdays

EXTRA_DAYS = 7
"""Slots are made this many days beyond the horizon, so that a missed night costs nothing."""
_LONGEST_LOOK = 400


class WantedSlot(NamedTuple):
    """A slot as the rules want it; equal plans are the same slot."""

    rule_code: str
    pool: Pool
    item_codes: tuple[str, ...]
    on_date: date
    starts_at: datetime
    minutes: int
    capacity: int
    opens_at: datetime
    closes_at: datetime
    spared: tuple[str, ...] = ()
    """Items that lose no place though a window is shut (`closures.Left`)."""
    shared_from: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


Promised = Mapping[tuple[str, str, datetime], Mapping[str, int]]
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


def plan(
    rules: Iterable[ScheduleRule],
    *,
    official: Workdays,
    zone: ZoneInfo,
    closures: Sequence[Shut],
    served: Served,
    now: datetime,
) -> Plan:
    """Every slot that has not begun, up to each rule's horizon and a week more.

    A day whose year has no holiday notice gets no slots, and its year is named: it is never taken
    for an ordinary week.
    """
    slots: list[WantedSlot] = []
    unknown: set[int] = set()
    for piece in pieces(
        rules, official=official, zone=zone, closures=closures, served=served, now=now
    ):
        slots += piece.slots
        unknown |= piece.unknown_years
    return Plan(slots, frozenset(unknown))


def pieces(
    rules: Iterable[ScheduleRule],
    *,
    official: Workdays,
    zone: ZoneInfo,
    closures: Sequence[Shut],
    served: Served,
    now: datetime,
    promised: Promised = MappingProxyType({}),
    serves: Serves = lambda item, day: True,
) -> Iterator[Plan]:
    """The same plan, a rule's day at a time, so that others can be served in between."""
    for rule in rules:
        try:
            for day in _of_rule(rule, calendar_of(rule, official), zone, now):
                left = (_open(slot, closures, served, promised, serves) for slot in day)
                yield Plan([slot for slot in left if slot is not None], frozenset())
        except CalendarUnknown as error:
            yield Plan([], frozenset({error.year}))


def _open(
    slot: WantedSlot, closures: Sequence[Shut], served: Served, promised: Promised, serves: Serves
) -> WantedSlot | None:
    """What is left of the slot, for the items that the hall serves on its day."""
    items = tuple(item for item in slot.item_codes if serves(item, slot.on_date))
    if items != slot.item_codes:
        slot = slot._replace(item_codes=items)
    if not (closures and items):
        return slot if items else None
    left = left_of(slot.rule_code, slot.item_codes, slot.starts_at, slot.ends_at, closures, served)
    if not left.items:
        return None
    places = left.places(slot.capacity, promised.get(_place(slot), {}))
    return slot._replace(item_codes=left.items, capacity=places, spared=tuple(sorted(left.spared)))


def _of_rule(
    rule: ScheduleRule, calendar: DayCalendar, zone: ZoneInfo, now: datetime
) -> Iterator[list[WantedSlot]]:
    """The rule's slots, day by day. Raises CalendarUnknown after those of the days before."""
    today = now.astimezone(zone).date()
    for day in _days_to_horizon(today, rule.horizon_workdays, calendar):
        if applies(rule, day) and calendar.is_workday(day):
            yield list(_of_day(rule, day, calendar, zone, now))


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


def _of_day(
    rule: ScheduleRule, day: date, calendar: DayCalendar, zone: ZoneInfo, now: datetime
) -> Iterator[WantedSlot]:
    opens_at = datetime.combine(
        workday_back(day, rule.horizon_workdays + 1, calendar), rule.release_at, zone
    )
    shared_on = workday_back(day, rule.share_workdays + 1, calendar)
    shared_from = datetime.combine(shared_on, rule.share_at, zone) if rule.share_at else None
    last_call = (
        datetime.combine(workday_back(day, rule.lead_workdays, calendar), time(), zone)
        if rule.lead_workdays
        else None
    )
    begins = datetime.combine(day, rule.starts, zone)
    ends = datetime.combine(
        day if rule.ends != time(0) else day + timedelta(days=1), rule.ends, zone
    )
    step = timedelta(minutes=rule.slot_minutes)
    while begins + step <= ends:
        closes_at = min(last_call or begins, begins)
        if begins > now:
            for pool, places in sorted(rule.capacity.items()):
                yield WantedSlot(
                    rule_code=rule.code,
                    pool=Pool(pool),
                    item_codes=tuple(sorted(rule.item_codes)),
                    on_date=day,
                    starts_at=begins,
                    minutes=rule.slot_minutes,
                    capacity=places,
                    opens_at=opens_at,
                    closes_at=closes_at,
                    shared_from=None if pool == Pool.ONLINE else shared_from,
                )
        begins += step


class Present(Protocol):
    """What a comparison asks of a slot that is there."""

    @property
    def rule_code(self) -> str: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def item_codes(self) -> Sequence[str]: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def minutes(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def shared_from(self) -> datetime | None: ...


P = TypeVar("P", bound=Present)


class Comparison(NamedTuple, Generic[P]):
    """What has to happen so that the slots on sale are those of the plan."""

    add: list[WantedSlot]
    late: list[WantedSlot]
    """Planned slots whose sale is over: made only if somebody is given a place in them."""
    withdraw: list[P]
    replaced: list[P]
    """Those of the withdrawn whose time goes on in a slot of the same length."""
    kept: int


def compare(wanted: Iterable[WantedSlot], present: Iterable[P], now: datetime) -> Comparison[P]:
    """The plan against the slots that have not begun: one that changes is withdrawn and made anew.

    Who has a place in it is seated anew (`booking.seating`): those booked first keep their time.
    """
    plans = {_place(slot): slot for slot in wanted}
    withdraw: list[P] = []
    replaced: list[P] = []
    kept, missing = 0, dict(plans)
    for row in present:
        slot = plans.get((row.rule_code, row.pool.value, row.starts_at))
        if slot is not None and _same(row, slot):
            kept += 1
            del missing[_place(slot)]
            continue
        withdraw.append(row)
        if slot is not None and row.minutes == slot.minutes:
            replaced.append(row)
    add = [slot for slot in missing.values() if slot.closes_at > now]
    late = [slot for slot in missing.values() if slot.closes_at <= now]
    return Comparison(add, late, withdraw, replaced, kept)


def _place(slot: WantedSlot) -> tuple[str, str, datetime]:
    return slot.rule_code, slot.pool.value, slot.starts_at


def _same(row: Present, slot: WantedSlot) -> bool:
    return (
        row.minutes,
        row.capacity,
        tuple(sorted(row.item_codes)),
        row.opens_at,
        row.closes_at,
        row.shared_from,
    ) == (
        slot.minutes,
        slot.capacity,
        slot.item_codes,
        slot.opens_at,
        slot.closes_at,
        slot.shared_from,
    )


def fingerprint(lines: Iterable[str]) -> str:
    """A digest of what a proposal names, so that apply does exactly what was read."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]
