"""The places of a time by cases: what is free, what a run is, who is moved where."""

from collections import Counter
from datetime import timedelta

import pytest

from services.appointments.slots.matching import Claim, Matching, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from tests.appointments.test_matching_rules import HALF_PAST, NINE, slot

TEN = NINE + timedelta(hours=1)
A, B, C = (Claim(item, NINE, 30) for item in "ABC")
AN_HOUR = Claim("A", NINE, 60)


def assisted(one: OpenSlot) -> OpenSlot:
    return one._replace(pool=Pool.ASSISTED)


def test_a_slot_has_room_for_as_many_as_are_free_and_never_for_less_than_none() -> None:
    some, full, over = (slot("A", 2, booked=n, code=f"R{n}") for n in (1, 2, 3))
    matching = Matching([some, full, over])
    assert [matching.room(one.id) for one in (some, full, over)] == [1, 0, 0]


def test_the_slots_of_a_time_come_by_what_they_serve_then_by_pool_and_rule() -> None:
    wide, narrow = slot("ABC", code="A"), slot("C", code="Z")
    shared, online = assisted(slot("AB", code="Y")), slot("AB", code="B")
    later = slot("A", minute=30)
    matching = Matching([later, wide, online, slot("AB", code="X"), shared, narrow])
    first, second, third, fourth, last = matching.at(NINE)
    assert (first, second, fourth, last) == (narrow, online, shared, wide)
    assert third.rule_code == "X"
    assert matching.at(HALF_PAST) == [later]
    assert matching.at(TEN) == ()
    assert matching.starts == [NINE, HALF_PAST]


def test_slots_that_are_alike_come_by_their_ids() -> None:
    made = [slot("A") for _ in range(5)]
    assert Matching(reversed(made)).at(NINE) == sorted(made, key=lambda one: one.id)


def test_it_is_known_up_to_which_time_a_slot_was_looked_for() -> None:
    matching = Matching([slot("A", code="R"), slot("A", code="R", minute=30)])
    assert matching.looked_until is None
    matching.at(NINE)
    assert matching.looked_until == NINE
    matching.fresh("A", NINE, 45)
    assert matching.looked_until == HALF_PAST
    matching.at(NINE)
    assert matching.looked_until == HALF_PAST
    matching.fresh("A", NINE, 75)
    assert matching.looked_until == TEN


def test_a_run_is_of_one_rule_and_pool_and_no_longer_than_it_must_be() -> None:
    first, second, third = (slot("A", code="R", minute=30 * half) for half in range(3))
    whole = slot("A", code="W", minutes=60)
    others = [slot("A", code="S", minute=30), assisted(slot("A", code="R", minute=90))]
    matching = Matching([first, second, third, whole, *others])
    assert matching.fresh("A", NINE, 30) == {30: [(first.id,)], 60: [(whole.id,)]}
    two = (first.id, second.id)
    assert sorted(matching.fresh("A", NINE, 31)[60]) == sorted([two, (whole.id,)])
    assert sorted(matching.fresh("A", NINE, 60)[60]) == sorted([two, (whole.id,)])
    assert matching.fresh("A", NINE, 61) == {90: [(*two, third.id)]}
    assert matching.fresh("A", NINE, 91) == {}
    assert matching.fresh("A", NINE, 1, 2) == {60: [two]}
    assert matching.fresh("A", NINE, 75, 2) == {90: [(*two, third.id)]}
    assert matching.fresh("A", NINE, 1, 3) == {90: [(*two, third.id)]}
    assert matching.fresh("B", NINE, 30) == {}
    assert matching.fresh("A", NINE, 30) == {30: [(first.id,)], 60: [(whole.id,)]}


def test_a_run_ends_where_its_rule_does_not_serve_the_item_any_more() -> None:
    matching = Matching([slot("AB", code="R"), slot("B", code="R", minute=30)])
    assert matching.fresh("A", NINE, 60) == {}
    assert [*matching.fresh("B", NINE, 60)] == [60]


def test_who_sits_there_is_counted_where_all_their_slots_are_known() -> None:
    first, second, gone = slot("AB", 9), slot("AB", 9, minute=30), slot("A", minute=60)
    there = {Sitting(AN_HOUR, (first.id, second.id)): 2, Sitting(A, (first.id,)): 3}
    matching = Matching([first, second], {**there, Sitting(B, (second.id, gone.id)): 1})
    assert matching.sat() == Counter(there)
    assert (matching.is_taken(first.id), matching.is_taken(second.id)) == (True, True)
    assert not matching.is_taken(gone.id)
    assert not Matching([first]).is_taken(first.id)


def test_the_first_run_with_room_is_taken_and_nobody_is_moved_for_less() -> None:
    full, free, more = slot("AB", 1, booked=1), slot("A", 2, code="R"), slot("A", 2, code="S")
    sitter = Sitting(B, (full.id,))
    matching = Matching([full, free, more, slot("B")], {sitter: 1})
    runs = [(full.id,), (free.id,), (more.id,)]
    assert matching.seat(A, runs) == (free.id,)
    assert matching.sat() == {sitter: 1, Sitting(A, (free.id,)): 1}
    assert (matching.room(free.id), matching.room(more.id)) == (1, 2)


def test_one_moves_for_the_next_who_moves_for_the_one_after() -> None:
    ab, bc, c = slot("AB", booked=1), slot("BC", booked=1), slot("C")
    sits = {Sitting(B, (ab.id,)): 1, Sitting(C, (bc.id,)): 1}
    matching = Matching([ab, bc, c], sits)
    assert matching.seat(A, [(ab.id,)]) == (ab.id,)
    ends = {Sitting(A, (ab.id,)): 1, Sitting(B, (bc.id,)): 1, Sitting(C, (c.id,)): 1}
    assert matching.sat() == ends
    assert [matching.room(one.id) for one in (ab, bc, c)] == [0, 0, 0]
    matching.back_to(0)
    assert matching.sat() == sits
    assert [matching.room(one.id) for one in (ab, bc, c)] == [0, 0, 1]


def test_a_slot_that_one_way_came_to_nothing_by_may_be_left_on_another() -> None:
    """Of several slots each may be the one that has no place."""
    both, full, free = slot("AB", booked=1), slot("A", minute=30, booked=1), slot("A", minute=30)
    other = slot("B", code="R")
    matching = Matching([both, full, free, other], {Sitting(B, (both.id,)): 1})
    runs = [(both.id, full.id), (both.id, free.id)]
    assert matching.seat(AN_HOUR, runs) == (both.id, free.id)
    assert matching.sat()[Sitting(B, (other.id,))] == 1


def test_of_several_slots_those_that_are_free_need_no_move() -> None:
    free, full, other = slot("AB"), slot("AB", minute=30, booked=1), slot("A", minute=30)
    there = {Sitting(Claim("A", HALF_PAST, 30), (full.id,)): 1}
    matching = Matching([free, full, other], there)
    assert matching.seat(Claim("B", NINE, 60), [(free.id, full.id)]) == (free.id, full.id)
    assert matching.room(other.id) == 0


def test_who_would_still_take_the_slot_elsewhere_makes_no_room_in_it() -> None:
    """The one who has an hour could change the second half alone; the other one goes."""
    first, second = slot("ABC", 2, booked=2), slot("A", minute=30, booked=1, code="R1")
    others = [slot("A", minute=30, code="R2"), slot("B")]
    there = {Sitting(AN_HOUR, (first.id, second.id)): 1, Sitting(B, (first.id,)): 1}
    matching = Matching([first, second, *others], there)
    assert matching.seat(C, [(first.id,)]) == (first.id,)
    assert [matching.room(one.id) for one in others] == [1, 0]


@pytest.mark.parametrize(
    ("pool", "goes"), [(Pool.ONLINE, False), (Pool.ASSISTED, True), (None, True)]
)
def test_who_is_moved_stays_in_the_pool_of_their_place(pool: Pool | None, goes: bool) -> None:
    full, other = slot("AB", booked=1), assisted(slot("B"))
    matching = Matching([full, other], {Sitting(B._replace(pool=pool), (full.id,)): 1})
    assert (matching.seat(A, [(full.id,)]) is not None) == goes


@pytest.mark.parametrize(
    ("others", "goes"),
    [
        ([slot("A", code="R"), slot("A", code="S", minute=30)], True),
        ([slot("A", code="R"), assisted(slot("A", code="R", minute=30))], False),
        ([slot("A", code="R"), slot("A", code="R", minute=30, minutes=45)], False),
        ([slot("A", code="R"), slot("B", code="R", minute=30)], False),
        ([slot("A", code="R", minutes=75)], True),
        ([slot("A", code="R", minutes=60)], True),
        ([slot("A", code="R", minutes=59)], False),
        ([slot("A", code="R", minutes=15), slot("A", minute=15, minutes=45)], True),
    ],
)
def test_who_has_an_hour_is_moved_to_exactly_an_hour_or_to_one_longer_slot(
    others: list[OpenSlot], goes: bool
) -> None:
    first, second = slot("AB", booked=1), slot("AB", minute=30, booked=1)
    sits = {Sitting(AN_HOUR, (first.id, second.id)): 1}
    matching = Matching([first, second, *others], sits)
    wanted = Claim("B", NINE, 60)
    assert (matching.seat(wanted, [(first.id, second.id)]) is not None) == goes
    [there] = [one.run for one in matching.sat() if one.claim == AN_HOUR]
    assert ({*there} <= {one.id for one in others}) == goes
    assert matching.sat().total() == 1 + goes


def test_free_places_are_filled_without_moving_anybody() -> None:
    full, some, first, second = (
        slot("AB", booked=1),
        slot("A", 3, booked=1),
        slot("A", 5, code="R"),
        slot("A", 4, code="R", minute=30),
    )
    there = {Sitting(B, (full.id,)): 1}
    matching = Matching([full, some, first, second, slot("B")], there)
    assert matching.fill(A, [(full.id,), (some.id,)]) == 2
    assert matching.fill(AN_HOUR, [(first.id, second.id)]) == 4
    filled = {Sitting(A, (some.id,)): 2, Sitting(AN_HOUR, (first.id, second.id)): 4}
    assert matching.sat() == there | filled
    assert [matching.room(one.id) for one in (some, first, second)] == [0, 1, 0]


def test_what_was_done_since_a_mark_is_undone_and_no_more() -> None:
    one = slot("A", 5)
    matching = Matching([one])
    matching.seat(A, [(one.id,)])
    mark = matching.mark()
    matching.fill(A, [(one.id,)])
    assert matching.room(one.id) == 0
    matching.back_to(mark)
    assert (matching.room(one.id), matching.sat().total()) == (4, 1)
    matching.back_to(0)
    assert (matching.room(one.id), matching.sat()) == (5, {})
