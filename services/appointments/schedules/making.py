"""The slots of one day, as its rule plans them: times, pools, releases and returns. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.schedules.models import ScheduleRule
from services.appointments.schedules.weeks import DayCalendar, workday_back
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import Wave

Place = tuple[str, str, datetime]
"""A slot's rule, pool and start."""
WHOLE = 100


class Portion(NamedTuple):
    """So many per cent of a slot's own places, released then."""

    at: datetime
    percent: int


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
    ceded: int = 0
    later: tuple[Wave, ...] = ()
    portions: tuple[Portion, ...] = ()
    """In what portions its places are released; none: all of them when it opens."""

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def place(self) -> Place:
        return self.rule_code, self.pool.value, self.starts_at


class DayTerms(NamedTuple):
    """From when to when the rule applies on a day, and the places in each pool."""

    starts: time
    ends: time
    capacity: Mapping[str, int]


def usual(rule: ScheduleRule) -> DayTerms:
    """What the rule itself says of a day."""
    return DayTerms(rule.starts, rule.ends, rule.capacity)


class Return(NamedTuple):
    """When what a pool has left goes online: at that time, so many working days before."""

    at: time
    workdays: int


def returns_of(rule: ScheduleRule) -> dict[Pool, Return]:
    """By pool; a rule of the release before knows only that of staff."""
    found = {
        Pool(pool): Return(time.fromisoformat(each["at"]), each["workdays"])
        for pool, each in rule.returns.items()
    }
    if rule.share_at is not None:
        found.setdefault(Pool.ASSISTED, Return(rule.share_at, rule.share_workdays))
    return found


def slots_of_day(
    rule: ScheduleRule,
    terms: DayTerms,
    day: date,
    calendar: DayCalendar,
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[WantedSlot]:
    """Those that have not begun, with all their places. Raises CalendarUnknown."""

    def before(workdays: int, at: time) -> datetime:
        return datetime.combine(workday_back(day, workdays + 1, calendar), at, zone)

    portions = [
        Portion(before(wave["workdays"], time.fromisoformat(wave["at"])), wave["percent"])
        for wave in rule.waves
    ]
    opens_at = portions[0].at if portions else before(rule.horizon_workdays, rule.release_at)
    returns = {
        pool.value: before(each.workdays, each.at) for pool, each in returns_of(rule).items()
    }
    last_call = before(rule.lead_workdays - 1, time()) if rule.lead_workdays else None
    for begins in _starts(terms, day, zone, rule.slot_minutes):
        closes_at = min(last_call or begins, begins)
        for pool, places in _places(terms, returns) if begins > now else ():
            yield WantedSlot(
                rule_code=rule.code,
                pool=pool,
                item_codes=tuple(sorted(rule.item_codes)),
                on_date=day,
                starts_at=begins,
                minutes=rule.slot_minutes,
                capacity=places,
                opens_at=opens_at,
                closes_at=closes_at,
                shared_from=returns.get(pool),
                portions=_in_time(portions, closes_at) if pool is Pool.ONLINE else (),
            )


def _places(terms: DayTerms, returns: Collection[str]) -> list[tuple[Pool, int]]:
    """Those of each pool that has some; online also without, where some may be returned to it."""
    most = {Pool(pool): places for pool, places in sorted(terms.capacity.items()) if places}
    return sorted({Pool.ONLINE: 0, **most}.items()) if returns else list(most.items())


def _starts(terms: DayTerms, day: date, zone: ZoneInfo, minutes: int) -> Iterator[datetime]:
    begins = datetime.combine(day, terms.starts, zone)
    last = day if terms.ends != time(0) else day + timedelta(days=1)
    ends, step = datetime.combine(last, terms.ends, zone), timedelta(minutes=minutes)
    while begins + step <= ends:
        yield begins
        begins += step


def _in_time(portions: Sequence[Portion], closes_at: datetime) -> tuple[Portion, ...]:
    """What would be released once nobody can book any more is released with the last before."""
    kept: list[Portion] = []
    for one in portions:
        if kept and one.at >= closes_at:
            kept[-1] = Portion(kept[-1].at, kept[-1].percent + one.percent)
        else:
            kept.append(one)
    return tuple(kept)


def carried_over(day: Sequence[WantedSlot], ceded: Mapping[Place, int]) -> list[WantedSlot]:
    """The slots of a rule's day, where what pools have left is online already.

    `ceded` as the slots on sale have it. What was given away is not taken back, but no more goes
    over than the pool has by now, and none where the rule has nothing online any more.
    """
    online = {slot.starts_at for slot in day if slot.pool is Pool.ONLINE}
    gone = {
        slot.place: min(-ceded[slot.place], slot.capacity)
        for slot in day
        if slot.starts_at in online and ceded.get(slot.place, 0) < 0
    }
    if not gone:
        return list(day)
    came: dict[datetime, int] = {}
    for (_, _, starts_at), places in gone.items():
        came[starts_at] = came.get(starts_at, 0) + places
    found = []
    for slot in day:
        moved = (
            came.get(slot.starts_at, 0) if slot.pool is Pool.ONLINE else -gone.get(slot.place, 0)
        )
        found.append(slot._replace(capacity=slot.capacity + moved, ceded=moved) if moved else slot)
    return found


def released(slot: WantedSlot, booked: int, now: datetime) -> WantedSlot:
    """The slot with the places that are released by now; the others are `later`.

    Where `booked` people sit there already, so many places are released: a plan takes nobody's.
    """
    if not slot.portions:
        return slot
    came = max(slot.ceded, 0)
    waves = _waves(max(slot.capacity - came, 0), slot.portions)
    later = [wave for wave in waves[1:] if wave.at > now and wave.places]
    capacity = slot.capacity - sum(wave.places for wave in later)
    for place, wave in enumerate(later):
        taken = min(max(booked - capacity, 0), wave.places)
        later[place] = wave._replace(places=wave.places - taken)
        capacity += taken
    return slot._replace(capacity=capacity, later=tuple(wave for wave in later if wave.places))


def _waves(places: int, portions: Sequence[Portion]) -> list[Wave]:
    """So many places in those portions: each rounded to what all up to it come to."""
    found, percent, given = [], 0, 0
    for one in portions:
        percent += one.percent
        until = (places * percent + WHOLE // 2) // WHOLE
        found.append(Wave(one.at, until - given))
        given = until
    return found
