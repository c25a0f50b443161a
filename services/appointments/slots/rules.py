"""Runs of consecutive slots, and the ones nearest to what is wanted. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.schemas import FreeSlot
from shared.errors import Invalid, Text, counted

LONGEST_RANGE_DAYS = 62


class LockedSlot(NamedTuple):
    """A slot as it is now, locked until the transaction ends."""

    id: UUID
    state: SlotState
    capacity: int
    booked: int
    closes_at: datetime
    opens_at: datetime
    kept_back: int

    @property
    def has_place(self) -> bool:
        """Whether a place is on sale."""
        return self.booked + self.kept_back < self.capacity


class LeftSlot(NamedTuple):
    """A slot of which somebody has a place that they are about to give back, as it was read."""

    id: UUID
    closes_at: datetime
    losses: int


class ComingSlot(NamedTuple):
    """A slot that has not begun and is not withdrawn."""

    id: UUID
    rule_code: str
    rule_version: int
    pool: Pool
    item_codes: list[str]
    on_date: date
    starts_at: datetime
    minutes: int
    capacity: int
    booked: int
    opens_at: datetime
    closes_at: datetime
    state: SlotState

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class Span(NamedTuple):
    """A time for an item at a hall that somebody could sit in."""

    hall_code: str
    pool: Pool
    item_code: str
    starts_at: datetime
    minutes: int


class NewSlot(NamedTuple):
    """A slot to be put into the plan: nothing booked, not yet on sale."""

    id: UUID
    hall_code: str
    rule_code: str
    rule_version: int
    pool: Pool
    item_codes: tuple[str, ...]
    on_date: date
    starts_at: datetime
    minutes: int
    capacity: int
    opens_at: datetime
    closes_at: datetime


class WithdrawnSlot(NamedTuple):
    """A slot that was just taken off sale."""

    id: UUID
    hall_code: str
    on_date: date
    pool: str


class OpenedSlot(NamedTuple):
    """A slot that has just come on sale."""

    id: UUID
    hall_code: str
    on_date: date
    pool: str
    starts_at: datetime
    minutes: int
    capacity: int


class FullnessChange(NamedTuple):
    """A slot that became full, or has places again, since subscribers heard of it last."""

    id: UUID
    hall_code: str
    pool: str
    starts_at: datetime
    capacity: int
    booked: int
    announced_full: bool


class SlotFacts(NamedTuple):
    """What never changes about a slot, so that a process may remember it."""

    id: UUID
    hall_code: str
    rule_code: str
    rule_version: int
    pool: Pool
    item_codes: frozenset[str]
    on_date: date
    starts_at: datetime
    minutes: int

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class OpenSlot(NamedTuple):
    """A slot on sale with its present count."""

    id: UUID
    rule_code: str
    pool: Pool
    on_date: date
    starts_at: datetime
    minutes: int
    capacity: int
    booked: int

    @property
    def free(self) -> int:
        return self.capacity - self.booked


class Timed(Protocol):
    """What makes slots follow one another."""

    @property
    def rule_code(self) -> str: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def minutes(self) -> int: ...


def follow_one_another(slots: Sequence[Timed]) -> bool:
    """Whether each slot begins where the one before it ends, in one rule and pool."""
    return all(
        after.starts_at == before.starts_at + timedelta(minutes=before.minutes)
        and (after.rule_code, after.pool) == (before.rule_code, before.pool)
        for before, after in zip(slots, slots[1:], strict=False)
    )


class Wish(NamedTuple):
    """How long a time is looked for: so many slots in a row, and so many minutes at least."""

    slots: int = 1
    minutes: int = 1

    def is_met(self, run: Sequence[Timed]) -> bool:
        return len(run) >= self.slots and sum(slot.minutes for slot in run) >= self.minutes


class FreeRuns(NamedTuple):
    """Runs by their start; of those that begin at `known_until` or later nothing is known."""

    runs: list[FreeSlot]
    known_until: datetime | None


def free_runs(
    slots: Iterable[OpenSlot],
    wish: Wish,
    *,
    with_full: bool = False,
    known_until: datetime | None = None,
) -> FreeRuns:
    """Every start from which slots that follow one another have room for the wish, earliest first.

    `known_until`: the slots that begin then or later are not all given (None: they are), so that
    a run is only told from a dead end where the slots before it decide.
    """
    runs, open_from = [], known_until
    by_rule = sorted(slots, key=lambda slot: (slot.rule_code, slot.pool, slot.starts_at))
    for first in range(len(by_rule)):
        run = _run_from(by_rule, first, wish)
        ends_at = run[-1].starts_at + timedelta(minutes=run[-1].minutes)
        if not wish.is_met(run):
            if open_from is not None and known_until is not None and ends_at >= known_until:
                open_from = min(open_from, run[0].starts_at)
        elif with_full or all(slot.free > 0 for slot in run):
            runs.append(_as_one(run))
    if open_from is not None:
        runs = [run for run in runs if run.starts_at < open_from]
    return FreeRuns(sorted(runs, key=lambda run: (run.starts_at, run.id)), open_from)


def _run_from(by_rule: Sequence[OpenSlot], first: int, wish: Wish) -> list[OpenSlot]:
    """The shortest run from there that meets the wish, or as much of it as there is."""
    run = [by_rule[first]]
    for place in range(first + 1, len(by_rule)):
        slot = by_rule[place]
        if wish.is_met(run) or not follow_one_another([run[-1], slot]):
            break
        run.append(slot)
    return run


def _as_one(run: Sequence[OpenSlot]) -> FreeSlot:
    return FreeSlot(
        id=run[0].id,
        starts_at=run[0].starts_at,
        minutes=sum(slot.minutes for slot in run),
        capacity=min(slot.capacity for slot in run),
        free=min(slot.free for slot in run),
        pool=run[0].pool,
        slot_ids=[slot.id for slot in run],
    )


def nearest(runs: Iterable[FreeSlot], wanted: datetime, *, count: int = 3) -> list[FreeSlot]:
    """The `count` runs that begin nearest to `wanted`; of two equally near, the earlier."""
    return sorted(runs, key=lambda run: (abs(run.starts_at - wanted), run.starts_at))[:count]


def ensure_range(first: date, last: date) -> None:
    """Raises Invalid for a range that runs backwards or is too long to answer."""
    if last < first:
        raise Invalid(
            Text("结束日期不能早于开始日期", "The last day must not be before the first"),
            pointer="/query/to",
        )
    if (last - first).days >= LONGEST_RANGE_DAYS:
        raise Invalid(
            Text(
                f"一次最多查询 {LONGEST_RANGE_DAYS} 天",
                f"At most {counted(LONGEST_RANGE_DAYS, 'day')} at a time",
            ),
            pointer="/query/to",
        )
