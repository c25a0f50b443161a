"""What is listed of a time, field by field, by cases."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.appointments.slots.free_times import FreeTimes, free_times
from services.appointments.slots.matching import Claim, Matching, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.schemas import FreeSlot
from services.appointments.slots.visits import Wish
from tests.appointments.test_matching_rules import HALF_PAST, NINE, slot, wish

TEN = NINE + timedelta(hours=1)


def at_nine(
    slots: Sequence[OpenSlot],
    wanted: Wish,
    sitters: dict[Sitting, int] | None = None,
    *,
    full: bool = False,
) -> FreeSlot | None:
    matching = Matching(slots, sitters)
    before = matching.sat()
    found = free_times(matching, wanted, [NINE], with_full=full).rows
    assert matching.sat() == before
    return found[0] if found else None


def row(one: OpenSlot, *others: OpenSlot, minutes: int, capacity: int, free: int) -> FreeSlot:
    return FreeSlot(
        id=one.id, starts_at=NINE, minutes=minutes, capacity=capacity, free=free, pool=one.pool,
        slot_ids=[one.id, *(other.id for other in others)],
    )  # fmt: skip


def test_of_slots_that_serve_all_alike_the_places_are_added_up() -> None:
    full, some = slot("AB", 3, booked=3, code="R"), slot("AB", 9, booked=2, code="S")
    assert at_nine([full, some], wish("A")) == row(some, minutes=30, capacity=12, free=7)
    assert at_nine([full], wish("A")) is None
    assert at_nine([full], wish("A"), full=True) == row(full, minutes=30, capacity=3, free=0)
    assert at_nine([some], wish("A", 5)) == row(some, minutes=30, capacity=9, free=7)
    shared = some._replace(pool=Pool.ASSISTED)
    assert at_nine([shared], wish("A")) == row(shared, minutes=30, capacity=9, free=7)


def test_of_legs_one_after_the_other_the_fullest_time_counts() -> None:
    """Beyond the five that are counted where people must be arranged."""
    first, second, third = slot("ABC", 9), slot("ABC", 8, minute=30), slot("ABC", 7, minute=60)
    slots = [first, second, third]
    for minutes in (20, 30):
        assert at_nine(slots, wish("AB", minutes=minutes)) == row(
            first, minutes=60, capacity=9, free=8
        )
    assert at_nine(slots, wish("ABC")) == row(first, minutes=90, capacity=9, free=7)
    assert at_nine([second._replace(starts_at=NINE)], wish("AB")) is None
    other = slot("ABC", 4, minute=30, code="R")
    assert at_nine([*slots, other], wish("AB")) == row(first, minutes=60, capacity=9, free=9)


def test_a_time_at_which_a_slot_serves_less_is_arranged() -> None:
    first, second = slot("AB", 9), slot("AB", 9, minute=30)
    narrow = slot("A", 9, minute=30, code="R")
    assert at_nine([first, second, narrow], wish("AB")) == row(
        first, minutes=60, capacity=9, free=5
    )
    uneven = slot("AB", 9, minute=30, minutes=45, code="R")
    assert at_nine([first, second, uneven], wish("AB")) == row(
        first, minutes=60, capacity=9, free=5
    )


def test_short_items_share_a_slot_and_take_a_place_each() -> None:
    one = slot("AB", 8)
    assert at_nine([one], wish("AB", minutes=15)) == row(one, minutes=30, capacity=8, free=4)
    assert at_nine([one], wish("AB", minutes=16)) is None
    assert at_nine([one], wish("AB", 5, minutes=15)) is None
    assert at_nine([one], wish("AB", 4, minutes=15)) == row(one, minutes=30, capacity=8, free=4)


@pytest.mark.parametrize(("items", "minutes"), [("AB", 15), ("ABC", 15), ("ABC", 12)])
def test_where_a_slot_holds_two_of_the_items_people_are_arranged(items: str, minutes: int) -> None:
    """Not as many fit as there is room for at each time: those who see to both take two places."""
    slots = [slot(items, 9, minute=30 * half) for half in range(3)]
    found = at_nine(slots, wish(items, minutes=minutes))
    assert found is not None
    assert (found.free, found.capacity) == (5, 9)


def test_what_takes_longer_than_a_slot_takes_several_of_its_rule() -> None:
    first, second = slot("A", 4, code="R"), slot("A", 3, booked=1, code="R", minute=30)
    slots = [first, second]
    assert at_nine(slots, wish("A", minutes=45)) == row(
        first, second, minutes=60, capacity=3, free=2
    )
    assert at_nine(slots, wish("A", slots=2)) == row(first, second, minutes=60, capacity=3, free=2)
    assert at_nine(slots, wish("A", minutes=61)) is None
    assert at_nine(slots, wish("A", minutes=61), full=True) is None
    whole = slot("A", 2, minutes=60, code="W")
    assert at_nine([*slots, whole], wish("A", minutes=60)) == row(
        first, second, minutes=60, capacity=5, free=4
    )
    longer = slot("A", 2, minutes=90, code="L")
    assert at_nine([*slots, longer], wish("A", minutes=60)) == row(
        first, second, minutes=60, capacity=5, free=4
    )
    taken = [first, second._replace(booked=3)]
    assert at_nine([*taken, longer], wish("A", minutes=60)) == row(
        longer, minutes=90, capacity=5, free=2
    )


def test_who_can_sit_elsewhere_makes_room() -> None:
    both, narrow = slot("AB", 3, booked=3), slot("A", 2, code="R")
    there = {Sitting(Claim("A", NINE, 30), (both.id,)): 3}
    assert at_nine([both, narrow], wish("B"), there) == row(both, minutes=30, capacity=3, free=2)
    assert at_nine([both, narrow], wish("B")) is None
    assert at_nine([both, narrow], wish("A"), there) == row(narrow, minutes=30, capacity=5, free=2)
    two = at_nine([both, narrow], wish("B", 2), there)
    assert two == row(both, minutes=30, capacity=3, free=2)
    assert at_nine([both, narrow], wish("B", 3), there) is None
    shown = at_nine([both, narrow], wish("B", 3), there, full=True)
    assert shown == row(both, minutes=30, capacity=3, free=2)


def test_a_full_time_is_shown_with_how_long_it_would_last_if_nobody_had_booked() -> None:
    first, second = slot("A", 2, booked=2), slot("B", 3, booked=1, minute=30)
    slots = [first, second]
    assert at_nine(slots, wish("AB")) is None
    assert at_nine(slots, wish("AB"), full=True) == row(first, minutes=60, capacity=2, free=0)
    assert at_nine([first], wish("AB"), full=True) is None
    assert at_nine([slot("C")], wish("A"), full=True) is None
    long = [slot("A", 2, booked=2, code="R"), slot("A", 2, code="R", minute=30)]
    assert at_nine(long, wish("A", minutes=60), full=True) == row(
        *long, minutes=60, capacity=2, free=0
    )


def test_a_visit_begins_where_there_is_room() -> None:
    full, free, later = slot("A", booked=1), slot("B", 2), slot("A", 2, minute=30)
    assert at_nine([full, free, later], wish("AB")) == row(free, minutes=60, capacity=3, free=2)


def test_of_several_items_no_more_than_five_people_are_counted() -> None:
    slots = [slot("A", 9), slot("B", 9, minute=30)]
    assert at_nine(slots, wish("AB")) == row(slots[0], minutes=60, capacity=9, free=5)
    assert at_nine(slots, wish("AB", 5)) == row(slots[0], minutes=60, capacity=9, free=5)


def test_people_who_must_begin_apart_are_found_as_well() -> None:
    """One after the other they would take what the next one needs."""
    slots = [slot(item, minute=minute) for item in "AB" for minute in (0, 30)]
    found = at_nine(slots, wish("AB", 2))
    assert found is not None
    assert (found.free, found.minutes, found.capacity) == (2, 60, 2)


def test_together_more_are_found_than_one_after_the_other() -> None:
    """Whoever came first alone would take the only place at half past for the second item."""
    places = {"A": (0, 60), "B": (30, 60), "C": (0, 30, 60)}
    slots = [slot(item, minute=minute) for item, times in places.items() for minute in times]
    assert at_nine(slots, wish("ABC")) == row(slots[0], minutes=90, capacity=2, free=2)
    assert at_nine(slots, wish("ABC", 2)) == row(slots[0], minutes=90, capacity=2, free=2)
    assert at_nine(slots, wish("ABC", 3)) is None


@pytest.mark.parametrize(
    ("minutes", "known_until", "listed", "open_from"),
    [
        (30, TEN, [NINE, HALF_PAST], None),
        (30, HALF_PAST, [NINE], HALF_PAST),
        (30, NINE, [], NINE),
        (45, TEN, [NINE], HALF_PAST),
        (45, HALF_PAST, [], NINE),
    ],
)
def test_nothing_is_said_of_times_that_depend_on_what_is_not_known(
    minutes: int, known_until: object, listed: list[object], open_from: object
) -> None:
    matching = Matching([slot("A", 2, code="R"), slot("A", 2, code="R", minute=30)])
    starts = matching.starts
    found = free_times(matching, wish("A", minutes=minutes), starts, known_until=known_until)  # type: ignore[arg-type]
    assert ([one.starts_at for one in found.rows], found.open_from) == (listed, open_from)


def test_no_more_rows_are_looked_for_than_are_wanted() -> None:
    slots = [slot("A", 2, minute=30 * half, booked=2 * (half == 0)) for half in range(4)]
    matching = Matching(slots)
    found = free_times(matching, wish("A"), matching.starts, most=2)
    assert ([one.id for one in found.rows], found.open_from) == (
        [slots[1].id, slots[2].id], None,
    )  # fmt: skip
    assert matching.looked_until == TEN
    assert free_times(matching, wish("A"), [], most=2) == FreeTimes([], None)
