"""What is read around a visit is little, and enough: against a search that knows the whole day."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import pytest

from services.appointments.booking import rings
from services.appointments.booking.rings import Ring
from services.appointments.slots.matching import Claim, Matching, Sitting
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.visits import Visit, arrange
from tests.appointments.test_matching_rules import HALF_PAST, NINE, slot, wish

HOUR = timedelta(hours=1)
Sitters = Mapping[Sitting, int]


class Day:
    """Slots of some rules, and who sits in them how."""

    def __init__(self, slots: list[OpenSlot], sitters: Sitters) -> None:
        taken = Counter[object]()
        for sitting, many in sitters.items():
            taken.update(dict.fromkeys(sitting.run, many))
        self.slots = [one._replace(booked=one.booked + taken[one.id]) for one in slots]
        self.sitters = sitters
        self.read: list[Ring] = []

    def fits(self, visit: Visit, at: datetime) -> bool:
        """By all there is."""
        return arrange(Matching(self.slots, self.sitters), visit, at) is not None

    def fits_by_rings(self, visit: Visit, at: datetime) -> bool:
        """By what is read of it, as a booking does."""
        ring: Ring | None = rings.first(at, visit)
        self.read = []
        while ring is not None:
            self.read.append(ring)
            matching = self._within(ring, rings.alike(visit))
            if arrange(matching, visit, at) is not None:
                return True
            ring = rings.wider(ring, at, matching)
        return False

    def _within(self, ring: Ring, most: int) -> Matching:
        slots = [one for one in self.slots if ring.since <= one.starts_at < ring.until]
        there = {one.id for one in slots}
        if len({(one.item_codes, one.starts_at, one.minutes) for one in slots}) <= 1:
            return Matching(slots)  # where all places are alike, nobody is moved
        sitters = {
            sitting: min(many, most)
            for sitting, many in self.sitters.items()
            if not there.isdisjoint(sitting.run)
        }
        return Matching(slots, sitters)


def day(seed: int) -> tuple[Day, Random]:
    """A morning of slots of a quarter or half an hour, in which people came for what takes one or
    several of them."""
    random, minutes = Random(seed), Random(seed).choice([15, 30])
    slots = [
        slot(
            "".join(items),
            random.randint(1, 3),
            minute=minutes * n,
            minutes=minutes,
            code="".join(items),
        )
        for items in random.sample(["A", "B", "AB", "BC", "AC", "ABC"], 3)
        for n in range(8)
    ]
    matching, most = Matching(slots), random.choice([1, 1, 2, 4])
    for _ in range(40):
        at = NINE + timedelta(minutes=minutes * random.randrange(8))
        length = minutes * random.randint(1, most)
        arrange(matching, wish(random.choice("ABC"), 1, length).visit, at)
    return Day(slots, matching.sat()), random


@pytest.mark.parametrize("seed", range(60))
def test_whatever_fits_by_all_there_is_fits_by_what_is_read(seed: int) -> None:
    known, random = day(seed)
    for _ in range(12):
        at = NINE + timedelta(minutes=30 * random.randrange(6))
        items = random.choice(["A", "B", "C", "AB", "BC"])
        visit = wish(items, random.choice([1, 1, 2]), random.choice([15, 30, 60])).visit

        if known.fits(visit, at):
            assert known.fits_by_rings(visit, at), (items, at)
        else:
            known.fits_by_rings(visit, at)
        assert len(known.read) <= 4


def test_where_everybody_takes_one_slot_only_the_time_itself_is_read() -> None:
    both, one = slot("AB"), slot("A", code="R2")
    later = slot("AB", minute=30)
    sits = {Sitting(Claim("A", NINE, 30), (both.id,)): 1}
    others = {Sitting(Claim("B", HALF_PAST, 30), (later.id,)): 1}
    visit = wish("B", minutes=30).visit

    known = Day([both, one, later], sits | others)
    assert known.fits_by_rings(visit, NINE)
    full = Day([both, later], sits | others)
    assert not full.fits_by_rings(visit, NINE)

    assert known.read == full.read == [Ring(NINE, HALF_PAST)]


def test_where_somebody_sits_beyond_the_time_it_is_read_until_they_go() -> None:
    """They began before, or stay longer: they may sit elsewhere all the time they have."""
    slots = [slot(items, minute=30 * n, code=items) for items in ("A", "AB") for n in range(3)]
    shared = slots[3:]
    claim = Claim("A", NINE, 90)
    known = Day(slots, {Sitting(claim, tuple(one.id for one in shared)): 1})

    assert known.fits_by_rings(wish("B", minutes=30).visit, HALF_PAST)

    assert known.read[0] == Ring(HALF_PAST, NINE + HOUR)
    assert known.read[-1].since <= NINE
    assert known.read[-1].until >= claim.ends_at


def test_nothing_is_looked_for_without_end() -> None:
    """Half a day of people who sit one behind the other in the way of the next."""
    slots = [slot("AB", minute=30 * n, code="R") for n in range(40)]
    middle = NINE + 10 * HOUR
    sits = {
        Sitting(Claim("A", first.starts_at, 60), (first.id, second.id)): 1
        for first, second in zip(slots[::2], slots[1::2], strict=True)
    }
    known = Day(slots, sits)

    assert not known.fits_by_rings(wish("B", minutes=30).visit, middle)

    assert known.read[-1].since >= middle - 4 * HOUR
    assert known.read[-1].until <= middle + 6 * HOUR
    assert len(known.read) <= 4
