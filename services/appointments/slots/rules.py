"""Runs of consecutive slots, and the ones nearest to what is wanted. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol
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


class Wave(NamedTuple):
    """Places of a slot that are released then, and not with the first."""

    at: datetime
    places: int


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
    shared_from: datetime | None = None
    ceded: int = 0
    later: tuple[Wave, ...] = ()

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class Span(NamedTuple):
    """A time at a hall that somebody could sit in."""

    hall_code: str
    pool: Pool
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
    shared_from: datetime | None
    ceded: int
    later: tuple[Wave, ...]

    @property
    def columns(self) -> dict[str, Any]:
        """As a row has them: what is released at once has no later times."""
        row = self._asdict()
        later = row.pop("later") or None
        row["later_at"] = later and [wave.at for wave in later]
        row["later_places"] = later and [wave.places for wave in later]
        return row


class RuleSale(NamedTuple):
    """How far a rule's slots reach: all that are made, those on sale online, and the next to be."""

    slots_until: date
    bookable_until: date | None
    opens_at: datetime | None
    opens_on: date | None


class WithdrawnSlot(NamedTuple):
    """A slot that was just taken off sale."""

    id: UUID
    hall_code: str
    on_date: date
    pool: str


class OpenedSlot(NamedTuple):
    """A slot that has just come on sale, or of which more places have."""

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
    """A slot on sale with its present count; `booked` are the places that are not on sale."""

    id: UUID
    rule_code: str
    pool: Pool
    on_date: date
    starts_at: datetime
    minutes: int
    capacity: int
    booked: int
    item_codes: frozenset[str] = frozenset()

    @property
    def free(self) -> int:
        return self.capacity - self.booked

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


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


def nearest(runs: Iterable[FreeSlot], wanted: datetime, *, count: int = 3) -> list[FreeSlot]:
    """The `count` runs that begin nearest to `wanted`; of two equally near, the earlier."""
    return sorted(runs, key=lambda run: (abs(run.starts_at - wanted), run.starts_at))[:count]


def ensure_days_in_order(first: date | None, last: date | None) -> None:
    """Raises Invalid for a range that runs backwards; one that is open at an end does not."""
    if first is not None and last is not None and last < first:
        raise Invalid(
            Text("结束日期不能早于开始日期", "The last day must not be before the first"),
            pointer="/query/to",
        )


def ensure_range(first: date, last: date) -> None:
    """Raises Invalid for a range that runs backwards or is too long to answer."""
    ensure_days_in_order(first, last)
    if (last - first).days >= LONGEST_RANGE_DAYS:
        raise Invalid(
            Text(
                f"一次最多查询 {LONGEST_RANGE_DAYS} 天",
                f"At most {counted(LONGEST_RANGE_DAYS, 'day')} at a time",
            ),
            pointer="/query/to",
        )
