"""Who takes which place of a time: maximum matching, not the order of booking. Pure.

The slots of one time serve different items, and whoever has booked comes for one of them at their
time, not for a slot: so they may be moved to another slot that serves them just as well, if that
makes room for somebody. Where everybody takes one slot this finds a place whenever there is one
(Kuhn's augmenting paths); of places that last over several slots it tries every way to move one
person for another, which is no proof that there is none (that is NP-hard).

People who come for the same at the same time and sit alike are counted, not named.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot

MOST_LOOKS = 60_000
Run = tuple[UUID, ...]
"""Slots that follow one another, by time."""


class Claim(NamedTuple):
    """What somebody was promised: to be seen for an item from then on, for so long; in a place of
    the pool that theirs is of, whoever has one."""

    item_code: str
    starts_at: datetime
    minutes: int
    pool: Pool | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class Sitting(NamedTuple):
    """A claim, and where it is met."""

    claim: Claim
    run: Run


class Looks:
    """How much may still be looked at for one request, whatever it asks: places, and whom to move
    for them. Some tens of thousands take a fraction of a second."""

    __slots__ = ("left",)

    def __init__(self, left: int = MOST_LOOKS) -> None:
        self.left = left


class Matching:
    """The places of slots on sale, and how many sit in them how; `sitters` are counted in `booked`.

    Those of whom a slot is not among `slots` stay where they are. What is looked at is counted in
    `looks`, which several may share.
    """

    def __init__(
        self,
        slots: Iterable[OpenSlot],
        sitters: Mapping[Sitting, int] | None = None,
        looks: Looks | None = None,
    ) -> None:
        self.looks = looks or Looks()
        self.slots = {slot.id: slot for slot in slots}
        self.looked_until: datetime | None = None
        """The latest time at which a slot was looked for."""
        self.met: set[Claim] = set()
        """Who was in the way and stayed, because not all of their slots are among `slots`."""
        self._room = {slot.id: slot.free for slot in self.slots.values()}
        self._starting: dict[datetime, list[OpenSlot]] = defaultdict(list)
        self._of_rule: dict[tuple[str, Pool, datetime], OpenSlot] = {}
        # Those that serve the fewest items are filled first, so that others need not be moved.
        for slot in sorted(self.slots.values(), key=_least_wanted):
            self._starting[slot.starts_at].append(slot)
            self._of_rule[slot.rule_code, slot.pool, slot.starts_at] = slot
        self._there: dict[UUID, dict[Sitting, int]] = defaultdict(dict)
        self._staying: dict[UUID, set[Claim]] = defaultdict(set)
        self._undo: list[tuple[Sitting, int]] = []
        self._ways: dict[Claim, list[Run]] = {}
        self._fresh: dict[tuple[str, datetime, int, int], dict[int, list[Run]]] = {}
        for sitting, many in (sitters or {}).items():
            is_known = all(each in self.slots for each in sitting.run)
            for each in sitting.run:
                if is_known:
                    self._there[each][sitting] = many
                else:
                    self._staying[each].add(sitting.claim)

    @property
    def starts(self) -> list[datetime]:
        """When slots begin, by time."""
        return sorted(self._starting)

    def at(self, starts_at: datetime) -> Sequence[OpenSlot]:
        """The slots that begin then, those that serve the fewest items first."""
        self._look(starts_at)
        return self._starting.get(starts_at, ())

    def room(self, slot: UUID) -> int:
        """How many places of the slot are free as it stands now."""
        return max(self._room[slot], 0)

    def is_taken(self, slot: UUID) -> bool:
        """Whether somebody sits there who may be moved."""
        return bool(self._there.get(slot))

    def fresh(self, item: str, at: datetime, minutes: int, slots: int = 1) -> dict[int, list[Run]]:
        """The runs for somebody who comes anew, by how long they last: of one rule each, of so many
        minutes and slots at least, and no longer than that takes."""
        asked = (item, at, minutes, slots)
        if (known := self._fresh.get(asked)) is not None:
            return known
        found: dict[int, list[Run]] = {}
        for first in self.at(at):
            run = self._shortest(first, item, minutes, slots)
            if run:
                total = sum(slot.minutes for slot in run)
                found.setdefault(total, []).append(tuple(slot.id for slot in run))
        self._fresh[asked] = found
        return found

    def _shortest(self, first: OpenSlot, item: str, minutes: int, slots: int) -> list[OpenSlot]:
        run: list[OpenSlot] = []
        slot: OpenSlot | None = first
        while slot is not None and item in slot.item_codes:
            run.append(slot)
            if sum(each.minutes for each in run) >= minutes and len(run) >= slots:
                return run
            self._look(slot.ends_at)
            slot = self._of_rule.get((slot.rule_code, slot.pool, slot.ends_at))
        return []

    def seat(self, claim: Claim, runs: Sequence[Run], *, moving: bool = True) -> Run | None:
        """Gives a place in one of the runs, moving others where it must; None: there is none."""
        self.looks.left -= 1
        for run in runs:
            if self._is_free(run):
                self._change(Sitting(claim, run), 1)
                return run
        if not moving:
            return None
        visited: set[UUID] = set()
        for run in runs:
            before = len(self._undo)
            # What failed for one slot fails for all; of several, each may fail for another reason.
            if self._make_room(run, visited if len(run) == 1 else set()):
                self._change(Sitting(claim, run), 1)
                return run
            self.back_to(before)
        return None

    def fill(self, claim: Claim, runs: Sequence[Run]) -> int:
        """Gives the places of these runs that are free; returns how many."""
        filled = 0
        for run in runs:
            many = min(self.room(slot) for slot in run)
            if many:
                self._change(Sitting(claim, run), many)
                filled += many
        return filled

    def mark(self) -> int:
        """How it stands now, for `back_to`."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """As it was then."""
        while len(self._undo) > mark:
            sitting, many = self._undo.pop()
            self._shift(sitting, -many)

    def sat(self) -> Counter[Sitting]:
        """How many sit how, of those who may be moved and of those who came anew."""
        return Counter(
            {
                sitting: many
                for slot, there in self._there.items()
                for sitting, many in there.items()
                if sitting.run[0] == slot
            }
        )

    def _is_free(self, run: Run) -> bool:
        return all(self._room[slot] > 0 for slot in run)

    def _make_room(self, run: Run, visited: set[UUID]) -> bool:
        for slot in run:
            if slot in visited:
                return False
            if self._room[slot] > 0:
                continue
            visited.add(slot)
            self.met |= self._staying.get(slot, set())
            if not any(self._move(sitting, visited) for sitting in [*self._there[slot]]):
                return False
        return self._is_free(run)

    def _move(self, sitting: Sitting, visited: set[UUID]) -> bool:
        """One of those who sit so sits elsewhere, if there is a place."""
        self.looks.left -= 1
        before = len(self._undo)
        self._change(sitting, -1)
        ways = [
            run
            for run in self._ways_for(sitting.claim)
            if run != sitting.run and not visited.intersection(run)
        ]
        for run in ways:
            if self._is_free(run):
                self._change(Sitting(sitting.claim, run), 1)
                return True
        for run in ways:
            between = len(self._undo)
            if self._make_room(run, visited):
                self._change(Sitting(sitting.claim, run), 1)
                return True
            self.back_to(between)
        self.back_to(before)
        return False

    def _ways_for(self, claim: Claim) -> list[Run]:
        if (known := self._ways.get(claim)) is None:
            known = self._ways[claim] = [*self._onward(claim, (), claim.starts_at)]
        return known

    def _onward(self, claim: Claim, run: Run, at: datetime) -> Iterator[Run]:
        """Exactly as long as promised, of whatever rules; or one slot that is long enough."""
        for slot in self.at(at):
            pool = self.slots[run[0]].pool if run else claim.pool
            if claim.item_code not in slot.item_codes or pool not in (None, slot.pool):
                continue
            longer = (*run, slot.id)
            if slot.ends_at == claim.ends_at or (not run and slot.ends_at > claim.ends_at):
                yield longer
            elif slot.ends_at < claim.ends_at:
                yield from self._onward(claim, longer, slot.ends_at)

    def _look(self, at: datetime) -> None:
        if self.looked_until is None or at > self.looked_until:
            self.looked_until = at

    def _change(self, sitting: Sitting, many: int) -> None:
        self._undo.append((sitting, many))
        self._shift(sitting, many)

    def _shift(self, sitting: Sitting, many: int) -> None:
        for slot in sitting.run:
            self._room[slot] -= many
            there = self._there[slot]
            if left := there.get(sitting, 0) + many:
                there[sitting] = left
            else:
                del there[sitting]


def _least_wanted(slot: OpenSlot) -> tuple[int, bool, str, UUID]:
    """Of those that are shared, last what others could have too."""
    return len(slot.item_codes), slot.pool is not Pool.ONLINE, slot.rule_code, slot.id
