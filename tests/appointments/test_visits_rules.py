"""A visit of several people and items by cases: who is seen for what, and when."""

from datetime import datetime, timedelta

import pytest

from services.appointments.slots.matching import Claim, Matching, Sitting
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.visits import Need, Visit, Wish, arrange
from tests.appointments.test_matching_rules import HALF_PAST, NINE, slot, wish

MINUTE = timedelta(minutes=1)


def legs(slots: list[OpenSlot], visit: Visit, at: datetime = NINE) -> list[tuple[int, str, int]]:
    """Who is seen for what, so many minutes after nine."""
    found = arrange(Matching(slots), visit, at)
    return [
        (leg.person, leg.claim.item_code, (leg.claim.starts_at - NINE) // MINUTE)
        for leg in found or []
    ]


def test_not_everybody_begins_with_the_same_item() -> None:
    a, b, c = (Need(item, 20) for item in "ABC")
    visit = Wish((a, b, c), 4, 2).visit
    assert visit == Visit(((a, b, c), (b, c, a), (c, a, b), (a, b, c)), 2)
    assert Wish((a,), 2).visit == Visit(((a,), (a,)), 1)


def test_two_people_change_places_between_two_windows() -> None:
    slots = [slot(item, minute=minute) for item in "AB" for minute in (0, 30)]
    assert legs(slots, wish("AB", 2).visit) == [
        (1, "A", 0), (1, "B", 30), (2, "B", 0), (2, "A", 30),
    ]  # fmt: skip
    assert legs(slots, wish("AB", 3).visit) == []


def test_a_person_begins_with_whatever_has_a_place() -> None:
    slots = [slot("C"), slot("A", minute=30), slot("B", minute=60)]
    assert legs(slots, wish("ABC").visit) == [(1, "C", 0), (1, "A", 30), (1, "B", 60)]
    assert legs(slots, wish("ABC").visit, HALF_PAST) == []


def test_the_others_come_after_whoever_took_the_place_that_they_could_have_had() -> None:
    """Person 1 must not take the only place in which person 2 can begin."""
    a, b = Need("A", 20), Need("B", 20)
    slots = [slot(item, minute=minute) for item in "AB" for minute in (0, 30)]
    assert legs(slots, Visit(((a, b), (a,)))) == [(1, "B", 0), (1, "A", 30), (2, "A", 0)]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (20, [("A", 0), ("B", 0), ("C", 0)]),
        (21, [("A", 0), ("B", 0), ("C", 60)]),
        (30, [("A", 0), ("B", 0), ("C", 60)]),
        (31, [("A", 0), ("B", 60), ("C", 120)]),
        (60, [("A", 0), ("B", 60), ("C", 120)]),
    ],
)
def test_as_many_items_are_seen_to_in_a_slot_as_it_lasts_for(
    minutes: int, expected: list[tuple[str, int]]
) -> None:
    slots = [slot(item, minute=60 * hour, minutes=60) for item in "ABC" for hour in range(3)]
    found = legs(slots, wish("ABC", minutes=minutes).visit)
    assert [leg[1:] for leg in found] == expected


@pytest.mark.parametrize("items", ["ABC", "BAC"])
def test_what_follows_begins_when_the_longer_of_two_slots_is_over(items: str) -> None:
    short, long = slot("A", minutes=60), slot("B", minutes=90)
    after = [slot("C", minute=minute, code=f"R{minute}") for minute in (60, 90)]
    found = legs([short, long, *after], wish(items).visit)
    assert found == [(1, items[0], 0), (1, items[1], 0), (1, "C", 90)]


def test_an_item_that_takes_several_slots_takes_them_in_a_row() -> None:
    first, second, third = (slot("A", code="R", minute=30 * half) for half in range(3))
    matching = Matching([first, second, third, slot("B", minute=60)])
    found = arrange(matching, wish("A", slots=2).visit, NINE)
    assert found is not None
    assert (found[0].claim.minutes, found[0].claim.starts_at) == (60, NINE)
    assert matching.sat() == {Sitting(found[0].claim, (first.id, second.id)): 1}
    long = Wish((Need("A", 60), Need("B", 30)))
    assert legs([first, second, slot("B", minute=60)], long.visit) == [(1, "A", 0), (1, "B", 60)]


def test_the_shorter_way_to_do_it_is_tried_first() -> None:
    slots = [slot("A", minutes=60, code="L"), slot("A", code="S")]
    found = arrange(Matching(slots), wish("A").visit, NINE)
    assert found is not None
    assert found[0].claim.minutes == 30
    full = slots[1]._replace(booked=1)
    found = arrange(Matching([slots[0], full]), wish("A").visit, NINE)
    assert found is not None
    assert found[0].claim.minutes == 60


def test_who_moves_sits_in_what_is_near_where_it_has_a_place() -> None:
    far, near = slot("A", code="R1"), slot("A", code="R2")
    visit = wish("A").visit._replace(near=frozenset({near.id}))
    for taken, expected in ((0, near), (1, far)):
        matching = Matching([far, near._replace(booked=taken)])
        assert arrange(matching, visit, NINE) is not None
        assert [one.run for one in matching.sat()] == [(expected.id,)]


def test_a_run_is_near_only_if_all_of_it_is() -> None:
    runs = {code: [slot("A", code=code, minute=30 * half) for half in range(2)] for code in "RS"}
    near = frozenset({runs["R"][0].id, *(one.id for one in runs["S"])})
    matching = Matching([one for run in runs.values() for one in run])
    visit = wish("A", minutes=60).visit._replace(near=near)
    assert arrange(matching, visit, NINE) is not None
    assert [one.run for one in matching.sat()] == [tuple(one.id for one in runs["S"])]


def test_five_people_with_two_items_find_a_way_where_there_is_exactly_one() -> None:
    slots = [slot("A", 3), slot("B", 2), slot("A", 2, minute=30), slot("B", 3, minute=30)]
    found = legs(slots, wish("AB", 5).visit)
    assert len(found) == 10
    assert sum(leg[1:] == ("A", 0) for leg in found) == 3
    fewer = [*slots[:3], slot("B", 2, minute=30)]
    assert legs(fewer, wish("AB", 5).visit) == []


@pytest.mark.parametrize("kept", [(), ("X",)])
def test_an_order_that_only_one_of_many_is_is_found(kept: tuple[str, ...]) -> None:
    """More orders are tried than those with which most are found, where there are places at all:
    at the first moment by moving whoever sits in the only one, and at the last."""
    slots = [slot(item, minute=30 * half) for item in "ABCF" for half in range(6)]
    first, elsewhere, last = slot("EX", booked=len(kept)), slot("X"), slot("D", minute=150)
    there = {Sitting(Claim("X", NINE, 30), (first.id,)): 1} if kept else {}
    matching = Matching([*slots, first, elsewhere, last], there)
    found = arrange(matching, wish("ABCFED").visit, NINE)
    assert found is not None
    assert "".join(leg.claim.item_code for leg in found) == "EABCFD"
    assert matching.sat().total() == 6 + len(kept)
