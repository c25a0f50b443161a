"""Where a visit of several people and items fits. Pure.

Everybody comes at the visit's time and sees to one item after the other, in whatever order there
are places for: a leg for each person and item. A leg begins when the one before it is over; or in
the same slot, where that lasts as long as both take.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.appointments.slots.matching import Claim, Matching, Run

MOST_PERSONS = 5
MOST_LEGS = 10
_MOST_TRIES = 2_000
"""Of orders that are tried for one visit: all there are for two people with three items."""
_FEW_TRIES = 50
"""So many find most visits; before all others it is asked whether there are places at all."""
_GREEDY_TRIES = 2 * MOST_LEGS


class Need(NamedTuple):
    """An item, and how long it takes at the least."""

    item_code: str
    minutes: int = 1


class Wish(NamedTuple):
    """What is looked for: so many people, each with all of that; `slots` in a row at the least."""

    needs: tuple[Need, ...]
    persons: int = 1
    slots: int = 1

    @property
    def visit(self) -> "Visit":
        """Not everybody begins with the same item, where there are several."""
        turns = [(*self.needs[n:], *self.needs[:n]) for n in range(len(self.needs))]
        people = (turns[person % len(turns)] for person in range(self.persons))
        return Visit(tuple(people), self.slots)


class Visit(NamedTuple):
    """What each of the people comes for; where it can be, they sit in slots of `near`."""

    people: tuple[tuple[Need, ...], ...]
    slots: int = 1
    near: frozenset[UUID] = frozenset()

    @property
    def legs(self) -> int:
        """How many there are of all people."""
        return sum(map(len, self.people))


class Leg(NamedTuple):
    """A person's (from 1) item, and when they are seen for it."""

    person: int
    claim: Claim


def arrange(matching: Matching, visit: Visit, at: datetime) -> list[Leg] | None:
    """The legs of the visit, which have their places in `matching` then; None where it does not fit
    at that time, and all is as it was.

    Where as much has been looked at as one request may, a visit of several legs gets what is free
    in one of the first orders, and nobody is moved for it.
    """
    before = matching.mark()
    for tries in (_FEW_TRIES, _MOST_TRIES):
        arranging = _Arranging(matching, visit, at, tries)
        if arranging.seat_persons(1):
            return arranging.legs
        matching.back_to(before)
        if visit.legs > 1 and matching.looks.left <= 0:
            return _greedily(matching, visit, at)
        if arranging.tries > 0 or not _has_places(matching, visit, at):
            return None
    return None


def _greedily(matching: Matching, visit: Visit, at: datetime) -> list[Leg] | None:
    before = matching.mark()
    arranging = _Arranging(matching, visit, at, _GREEDY_TRIES, moving=False)
    if arranging.seat_persons(1):
        return arranging.legs
    matching.back_to(before)
    return None


def _has_places(matching: Matching, visit: Visit, at: datetime) -> bool:
    """Whether each item by itself has places for all who come for it, in whatever order they do:
    else no order is worth a try."""
    before, starts = matching.mark(), _reachable(matching, visit, at)
    for need, many in Counter(need for needs in visit.people for need in needs).items():
        left = many
        for start in starts:
            for claim, runs in _claims(matching, visit, need, start):
                while left and matching.seat(claim, runs) is not None:
                    left -= 1
        matching.back_to(before)
        if left:
            return False
    return True


def _reachable(matching: Matching, visit: Visit, at: datetime) -> list[datetime]:
    """When a leg of the visit could begin, whatever came before it."""
    needs = {need for needs in visit.people for need in needs}
    found, newest = {at}, {at}
    for _ in range(max(map(len, visit.people)) - 1):
        matching.looks.left -= len(newest) * len(needs)
        if matching.looks.left <= 0:
            break
        newest = {
            start + timedelta(minutes=claim.minutes)
            for start in newest
            for need in needs
            for claim, _ in _claims(matching, visit, need, start)
        } - found
        found |= newest
    return sorted(found)


def _claims(
    matching: Matching, visit: Visit, need: Need, start: datetime
) -> Iterator[tuple[Claim, list[Run]]]:
    """What somebody could be promised for the item from then on, the shortest first, and where."""
    found = matching.fresh(need.item_code, start, need.minutes, visit.slots)
    for minutes, runs in sorted(found.items()):
        yield Claim(need.item_code, start, minutes), runs


class _Arranging:
    """Tries orders of items until every leg has a place, or there are no `tries` left."""

    def __init__(
        self, matching: Matching, visit: Visit, at: datetime, tries: int, *, moving: bool = True
    ) -> None:
        self._matching, self._visit, self._at = matching, visit, at
        self.tries, self._moving = tries, moving
        self.legs: list[Leg] = []

    def seat_persons(self, person: int) -> bool:
        """Seats this one and those after them."""
        if person > len(self._visit.people):
            return True
        needs = self._visit.people[person - 1]
        return self._seat(person, needs, _Sitting(self._at, self._at, 0))

    def _seat(self, person: int, left: tuple[Need, ...], so_far: "_Sitting") -> bool:
        if not left:
            return self.seat_persons(person + 1)
        for place, need in enumerate(left):
            others = (*left[:place], *left[place + 1 :])
            for sitting in so_far.onward(need.minutes):
                if self._at_that_time(person, need, others, sitting):
                    return True
        return False

    def _at_that_time(
        self, person: int, need: Need, others: tuple[Need, ...], sitting: "_Sitting"
    ) -> bool:
        for claim, runs in _claims(self._matching, self._visit, need, sitting.starts_at):
            if self.tries <= 0 or self._is_spent:
                return False
            self.tries -= 1
            before = self._matching.mark()
            if self._matching.seat(claim, self._nearest(runs), moving=self._moving) is None:
                continue
            self.legs.append(Leg(person, claim))
            if self._seat(person, others, sitting.until(claim.minutes)):
                return True
            self.legs.pop()
            self._matching.back_to(before)
        return False

    @property
    def _is_spent(self) -> bool:
        """Nothing is looked at any more but what is free; one leg is tried whatever it takes."""
        return self._moving and self._matching.looks.left <= 0 and self._visit.legs > 1

    def _nearest(self, runs: Sequence[Run]) -> Sequence[Run]:
        if not self._visit.near:
            return runs
        return sorted(runs, key=lambda run: not self._visit.near.issuperset(run))


class _Sitting(NamedTuple):
    """What a person does from then on: minutes of items that are seen to until `ends_at`."""

    starts_at: datetime
    ends_at: datetime
    spent: int

    def onward(self, minutes: int) -> Iterator["_Sitting"]:
        """When the next item of so many minutes can be seen to."""
        both = self.spent + minutes
        if self.spent == 0 or self.starts_at + timedelta(minutes=both) <= self.ends_at:
            yield self._replace(spent=both)
        if self.spent:
            yield _Sitting(self.ends_at, self.ends_at, minutes)

    def until(self, minutes: int) -> "_Sitting":
        ends_at = self.starts_at + timedelta(minutes=minutes)
        return self._replace(ends_at=max(self.ends_at, ends_at))
