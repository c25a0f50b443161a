"""Who gets which place when the slots of a time change. Pure: no clock, no database.

A place fits an appointment if it begins at the appointment's time, in its pool, serves its item,
and gives it the whole time that it was promised: one slot that is long enough, or several that
follow one another and last exactly as long, of whatever rules.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.workflow import PROMISED
from services.appointments.people.rules import Person
from services.appointments.slots.models import Pool

Key = tuple[str, str, datetime]
"""Rule, pool and start: of what is on sale or planned, no two are equal (`uq_slot_on_sale`)."""


class Seat(NamedTuple):
    """A slot, there or to come, with the places that may be given in it."""

    rule_code: str
    pool: Pool
    item_codes: frozenset[str]
    starts_at: datetime
    minutes: int
    free: int
    spared: frozenset[str] = frozenset()
    """Items that lose no place where others do: places are gone that never were theirs."""

    @property
    def key(self) -> Key:
        return self.rule_code, self.pool.value, self.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class Claimant(NamedTuple):
    """An appointment that needs a place: its slots change, or it has none any more."""

    id: UUID
    code: str
    item_code: str
    pool: Pool
    starts_at: datetime
    minutes: int
    state: AppointmentState
    held_at: datetime
    slot_ids: tuple[UUID, ...]
    """Where it has its places now; for an orphan, where it had them."""
    person: Person

    @property
    def is_orphan(self) -> bool:
        return self.state is AppointmentState.ORPHANED


_S = AppointmentState
_ORDER = [_S.CHECKED_IN, _S.CONFIRMED, _S.HELD, _S.ORPHANED]
"""Whoever has a place keeps it before one who lost theirs, and a promise before a hold."""


def in_order(
    claimants: Iterable[Claimant], spared: Collection[UUID] = frozenset()
) -> list[Claimant]:
    """Those booked first come first, before all others those who cannot lose what is lost."""

    def place(one: Claimant) -> tuple[bool, int, datetime, UUID]:
        safe = one.id in spared and one.state in PROMISED
        return not safe, _ORDER.index(one.state), one.held_at, one.id

    return sorted(claimants, key=place)


def _spared(claimants: Iterable[Claimant], seats: Iterable[Seat]) -> set[UUID]:
    """Those who come for what lost no window, at the time of a slot that lost places."""
    reduced = [seat for seat in seats if seat.spared]
    return {
        one.id
        for one in claimants
        for seat in reduced
        if one.pool is seat.pool
        and one.item_code in seat.spared
        and one.starts_at < seat.ends_at
        and seat.starts_at < one.starts_at + timedelta(minutes=one.minutes)
    }


class Seating:
    """Places given in the order of booking; nobody who has one loses it to a later one, unless that
    one comes for what lost no place.

    Those seated before may be moved to another place that fits them just as well, so that nobody
    is left without a place only because somebody else sits in the one that fits (Kuhn's maximum
    matching; for places of one slot each, as many are seated as possible).
    """

    def __init__(
        self,
        seats: Iterable[Seat],
        claimants: Sequence[Claimant],
        sitting: Mapping[UUID, tuple[Key, ...]] | None = None,
    ) -> None:
        """`sitting` are those whose own slots do not change: they keep a place before all others,
        though it may be another one."""
        self._room: dict[Key, int] = {}
        starting: dict[tuple[Pool, datetime], list[Seat]] = defaultdict(list)
        ordered = sorted(seats, key=lambda seat: seat.key)
        for seat in ordered:
            self._room[seat.key] = seat.free
            starting[seat.pool, seat.starts_at].append(seat)
        self._runs = {one.id: list(runs_for(one, starting)) for one in claimants}
        self._there: dict[Key, dict[UUID, None]] = defaultdict(dict)
        self._undo: list[tuple[UUID, tuple[Key, ...] | None]] = []
        self.placed: dict[UUID, tuple[Key, ...]] = {}
        for one, run in (sitting or {}).items():
            self._runs[one] = [run, *(other for other in self._runs[one] if other != run)]
            self._put(one, run)
        others = [one for one in claimants if one.id not in self.placed]
        waiting = in_order(others, _spared(others, ordered))
        while waiting:
            left = [one for one in waiting if not self._seat(one.id, set())]
            if len(left) == len(waiting):
                break
            # A long one that was moved may have left a place behind that fits somebody now.
            waiting = left

    def _seat(self, one: UUID, visited: set[Key]) -> bool:
        for run in self._runs[one]:
            before = len(self._undo)
            if self._make_room(run, visited):
                self._take(one, run)
                return True
            self._back_to(before)
        return False

    def _make_room(self, run: tuple[Key, ...], visited: set[Key]) -> bool:
        for key in run:
            if key in visited:
                return False
            if self._room[key] > 0:
                continue
            visited.add(key)
            if not any(self._move_away(other, visited) for other in [*self._there[key]]):
                return False
        return all(self._room[key] > 0 for key in run)

    def _move_away(self, other: UUID, visited: set[Key]) -> bool:
        before = len(self._undo)
        self._leave(other)
        if self._seat(other, visited):
            return True
        self._back_to(before)
        return False

    def _take(self, one: UUID, run: tuple[Key, ...]) -> None:
        self._undo.append((one, None))
        self._put(one, run)

    def _leave(self, one: UUID) -> None:
        self._undo.append((one, self._drop(one)))

    def _back_to(self, before: int) -> None:
        """Undoes the last moves, for an attempt that came to nothing leaves no trace."""
        while len(self._undo) > before:
            one, run = self._undo.pop()
            if run is None:
                self._drop(one)
            else:
                self._put(one, run)

    def _put(self, one: UUID, run: tuple[Key, ...]) -> None:
        self.placed[one] = run
        for key in run:
            self._room[key] -= 1
            self._there[key][one] = None

    def _drop(self, one: UUID) -> tuple[Key, ...]:
        run = self.placed.pop(one)
        for key in run:
            self._room[key] += 1
            del self._there[key][one]
        return run


def runs_for(
    one: Claimant, starting: Mapping[tuple[Pool, datetime], Sequence[Seat]]
) -> Iterator[tuple[Key, ...]]:
    """The runs of slots that fit the appointment, by rule."""
    ends_at = one.starts_at + timedelta(minutes=one.minutes)

    def onward(run: tuple[Key, ...], at: datetime) -> Iterator[tuple[Key, ...]]:
        for seat in starting.get((one.pool, at), ()):
            if one.item_code not in seat.item_codes:
                continue
            longer = (*run, seat.key)
            if seat.ends_at == ends_at or (not run and seat.ends_at > ends_at):
                yield longer
            elif seat.ends_at < ends_at:
                yield from onward(longer, seat.ends_at)

    return onward((), one.starts_at)
