"""At which times a visit fits, and how many more people would. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from services.appointments.slots.matching import Claim, Matching, Run
from services.appointments.slots.schemas import FreeSlot
from services.appointments.slots.visits import MOST_PERSONS, Leg, Need, Wish, arrange


class FreeTimes(NamedTuple):
    """Rows by time; from `open_from` on nothing is known, None where all is."""

    rows: list[FreeSlot]
    open_from: datetime | None


def free_times(
    matching: Matching,
    wish: Wish,
    starts: Iterable[datetime],
    *,
    with_full: bool = False,
    known_until: datetime | None = None,
    most: int | None = None,
) -> FreeTimes:
    """One row for each of these times at which the visit fits, with how many more people do; at
    most that many.

    `known_until`: the slots that begin then or later are not all given (None: they are); times of
    which it depends on those are left out, and so are all after the first of them.
    """
    looking, rows = _FreeTimes(matching, wish, with_full=with_full), []
    for at in starts:
        matching.looked_until = None
        row = looking.row(at)
        looked = matching.looked_until
        if known_until is not None and looked is not None and looked >= known_until:
            return FreeTimes(rows, at)
        if row is not None and (with_full or row.free >= wish.persons):
            rows.append(row)
        if len(rows) == most:
            break
    return FreeTimes(rows, None)


class _Found(NamedTuple):
    """How many people fit besides, how long they stay, and where the first of them begins."""

    people: int
    minutes: int
    run: Run


class _FreeTimes:
    """Looks at one time after the other."""

    def __init__(self, matching: Matching, wish: Wish, *, with_full: bool) -> None:
        self._matching, self._wish, self._with_full = matching, wish, with_full
        self._one = wish._replace(persons=1)
        self._codes = {need.item_code for need in wish.needs}
        self._two = sum(sorted(need.minutes for need in wish.needs)[:2])
        self._longest = max(need.minutes for need in wish.needs)

    def row(self, at: datetime) -> FreeSlot | None:
        """The time as it stands; None where the visit never fits, or does not and need not be
        shown then."""
        found = self._evenly(at) or self._people(at)
        if found is None:
            return None
        return FreeSlot(
            id=found.run[0],
            starts_at=at,
            minutes=found.minutes,
            capacity=max(self._capacity(at), found.people),
            free=found.people,
            pool=self._matching.slots[found.run[0]].pool,
            slot_ids=list(found.run),
        )

    def _evenly(self, at: datetime) -> _Found | None:
        """Where every slot serves all that is wanted, each leg takes one, and no two share a time:
        then as many fit as there is room for at each time, in any order. None if it is not so."""
        first, legs = self._matching.at(at), len(self._wish.needs)
        if self._wish.slots > 1 or not first:
            return None
        minutes = first[0].minutes
        if minutes < self._longest or (legs > 1 and self._two <= minutes):
            return None
        rooms = []
        for leg in range(legs):
            slots = self._matching.at(at + timedelta(minutes=minutes * leg))
            if not slots or any(
                s.minutes != minutes or not self._codes <= s.item_codes for s in slots
            ):
                return None
            rooms.append(sum(self._matching.room(slot.id) for slot in slots))
        run = next((slot for slot in first if self._matching.room(slot.id)), first[0])
        return _Found(min(rooms), minutes * legs, (run.id,))

    def _people(self, at: datetime) -> _Found | None:
        """The same in general: of one item exactly, as far as `Matching` is exact; of several
        exactly up to five people, where it is no longer counted how many more."""
        if (run := self._first_run(at)) is None:
            return None
        matching, before, legs = self._matching, self._matching.mark(), list[Leg]()
        people, filled, is_open = 0, 0, True
        if len(self._wish.needs) == 1:
            # Where nobody sits who could be moved, those are all.
            runs = self._runs(self._wish.needs[0], at)
            is_open = any(matching.is_taken(slot) for each in runs for slot in each)
            people = filled = self._fill(at)
        most = MOST_PERSONS if len(self._wish.needs) > 1 else 0
        while is_open and (most == 0 or people < most):
            found = arrange(matching, self._one.visit, at)
            if found is None:
                break
            people, legs = people + 1, found
        matching.back_to(before)
        while people < most:
            found = arrange(matching, self._wish._replace(persons=people + 1).visit, at)
            matching.back_to(before)
            if not found:
                break
            people, legs = people + 1, found
        if people == 0 and not self._with_full:
            return None
        minutes: int | None
        if people == 0:
            minutes = self._would_last(at)
        else:
            minutes = sum(matching.slots[s].minutes for s in run) if filled else _lasts(at, legs)
        return None if minutes is None else _Found(people, minutes, run)

    def _fill(self, at: datetime) -> int:
        """Takes all places that are free without moving anybody."""
        [need] = self._wish.needs
        found = self._matching.fresh(need.item_code, at, need.minutes, self._wish.slots)
        return sum(
            self._matching.fill(Claim(need.item_code, at, minutes), runs)
            for minutes, runs in sorted(found.items())
        )

    @cached_property
    def _empty(self) -> Matching:
        """The same slots if nobody had booked."""
        there = (slot._replace(booked=0) for slot in self._matching.slots.values())
        return Matching(there, looks=self._matching.looks)

    def _would_last(self, at: datetime) -> int | None:
        before = self._empty.mark()
        legs = arrange(self._empty, self._one.visit, at)
        self._empty.back_to(before)
        return _lasts(at, legs) if legs else None

    def _first_run(self, at: datetime) -> Run | None:
        """Where a visit at that time begins: where there is room, if anywhere."""
        runs = [run for need in self._wish.needs for run in self._runs(need, at)]
        with_room = (run for run in runs if all(self._matching.room(slot) for slot in run))
        return next(with_room, next(iter(runs), None))

    def _runs(self, need: Need, at: datetime) -> list[Run]:
        found = self._matching.fresh(need.item_code, at, need.minutes, self._wish.slots)
        return [run for _, runs in sorted(found.items()) for run in runs]

    def _capacity(self, at: datetime) -> int:
        """How many people the slots that begin then are for."""
        slots = self._matching.slots
        runs = (run for need in self._wish.needs for run in self._runs(need, at))
        places = {run[0]: min(slots[slot].capacity for slot in run) for run in runs}
        return sum(places.values())


def _lasts(at: datetime, legs: Sequence[Leg]) -> int:
    """From then until the last of them is over."""
    ends = (leg.claim.starts_at + timedelta(minutes=leg.claim.minutes) for leg in legs)
    return (max(ends) - at) // timedelta(minutes=1)
