"""Places given out anew: those booked first keep theirs, and as many sit as fit."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.seating import Claimant, Seat, Seating
from services.appointments.people.rules import Person
from services.appointments.slots.models import Pool

NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)
S = AppointmentState


def seat(minute: int = 0, free: int = 1, **others: Any) -> Seat:
    """A slot of half an hour for item X."""
    values: dict[str, Any] = {"rule_code": "R1", "items": "X", "minutes": 30, **others}
    return Seat(
        values["rule_code"],
        values.get("pool", Pool.ONLINE),
        frozenset(values["items"]),
        NINE + timedelta(minutes=minute),
        values["minutes"],
        free,
        frozenset(values.get("spared", "")),
    )


def person(place: int, **others: Any) -> Claimant:
    """Who booked `place`-th, for half an hour of item X at nine, confirmed."""
    values: dict[str, Any] = {"item": "X", "minutes": 30, "at": 0, "state": S.CONFIRMED, **others}
    return Claimant(
        UUID(int=place),
        f"A{place}",
        values["item"],
        values.get("pool", Pool.ONLINE),
        NINE + timedelta(minutes=values["at"]),
        values["minutes"],
        values["state"],
        NINE - timedelta(days=1) + timedelta(minutes=place),
        (),
        Person(f"tel:{place}"),
    )


def seated(seats: list[Seat], claimants: list[Claimant]) -> list[int]:
    return sorted(one.int for one in Seating(seats, claimants).placed)


def test_those_booked_first_keep_their_place_and_only_as_many_lose_it_as_do_not_fit() -> None:
    assert seated([seat(free=2)], [person(3), person(1), person(2)]) == [1, 2]


def test_who_comes_for_what_lost_no_place_keeps_theirs_before_those_booked_first() -> None:
    reduced = seat(free=2, items="XY", spared="Y")
    people = [person(1), person(2), person(3, item="Y"), person(4, item="Y", state=S.HELD)]

    assert seated([reduced], people) == [1, 3]


@pytest.mark.parametrize(
    ("slots", "fits"),
    [
        ([seat()], True),
        ([seat(items="Y")], False),
        ([seat(pool=Pool.ASSISTED)], False),
        ([seat(30)], False),
        ([seat(free=0)], False),
        ([seat(rule_code="R9")], True),
        ([seat(minutes=45)], True),
        ([seat(minutes=20)], False),
        ([seat(minutes=20), seat(20, minutes=20)], False),
        ([seat(minutes=15), seat(15, minutes=15)], True),
        ([seat(minutes=15), seat(15, minutes=15, rule_code="R2")], True),
        ([seat(minutes=15), seat(15, minutes=15, items="Y")], False),
        ([seat(minutes=15), seat(15, minutes=15, free=0)], False),
    ],
)
def test_a_place_fits_that_gives_the_item_its_whole_time(slots: list[Seat], fits: bool) -> None:
    assert seated(slots, [person(1)]) == ([1] if fits else [])


def test_who_has_a_place_keeps_it_before_one_who_lost_theirs_and_a_promise_before_a_hold() -> None:
    claimants = [
        person(1, state=S.ORPHANED),
        person(2, state=S.HELD),
        person(3),
        person(4, state=S.CHECKED_IN),
    ]
    assert seated([seat(free=1)], claimants) == [4]
    assert seated([seat(free=2)], claimants) == [3, 4]
    assert seated([seat(free=3)], claimants) == [2, 3, 4]
    assert seated([seat(free=4)], claimants) == [1, 2, 3, 4]


def test_nobody_is_left_without_because_another_sits_in_the_only_place_that_fits() -> None:
    slots = [seat(items="XY"), seat(items="X", rule_code="R2")]
    assert seated(slots, [person(1), person(2, item="Y")]) == [1, 2]


def test_a_chain_of_moves_is_found_and_an_attempt_that_fails_leaves_no_trace() -> None:
    slots = [
        seat(items="XYZ", rule_code="R1"),
        seat(items="XY", rule_code="R2"),
        seat(items="X", rule_code="R3"),
    ]
    claimants = [person(1), person(2), person(3, item="Y"), person(4, item="Z"), person(5)]
    found = Seating(slots, claimants)
    assert sorted(one.int for one in found.placed) == [1, 2, 3]
    assert seated(slots, [person(1), person(3, item="Y"), person(4, item="Z")]) == [1, 3, 4]


def test_a_long_appointment_keeps_all_its_slots_or_none() -> None:
    slots = [seat(0), seat(30)]
    long, short = person(1, minutes=60), person(2, at=30)
    assert seated(slots, [long, short]) == [1]
    assert seated(slots[1:], [long, short]) == [2]


SEATS = st.lists(
    st.builds(
        seat,
        st.sampled_from([0, 30]),
        st.integers(0, 2),
        rule_code=st.sampled_from(["R1", "R2"]),
        items=st.sampled_from(["X", "Y", "XY"]),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
)
PEOPLE = st.lists(
    st.tuples(st.sampled_from("XY"), st.sampled_from([0, 30]), st.sampled_from([30, 60])),
    max_size=6,
)


@given(SEATS, PEOPLE)
def test_whoever_stands_finds_no_place_that_fits_and_no_slot_has_more_people_than_places(
    slots: list[Seat], people: list[tuple[str, int, int]]
) -> None:
    claimants = [
        person(place, item=item, at=at, minutes=minutes)
        for place, (item, at, minutes) in enumerate(people, 1)
    ]
    found = Seating(slots, claimants).placed
    taken = [key for run in found.values() for key in run]
    room = {one.key: one.free - taken.count(one.key) for one in slots}
    assert all(left >= 0 for left in room.values())
    for one in claimants:
        if one.id not in found:
            assert not _fits(one, [s for s in slots if room[s.key] > 0])


@given(SEATS, st.lists(st.tuples(st.sampled_from("XY"), st.sampled_from([0, 30])), max_size=5))
def test_the_first_to_book_are_those_who_sit(
    slots: list[Seat], people: list[tuple[str, int]]
) -> None:
    """Against trying every way to seat them: of all that work, the one the first would choose."""
    claimants = [person(n, item=item, at=at) for n, (item, at) in enumerate(people, 1)]
    choices = [[None, *(s.key for s in slots if _fits(one, [s]))] for one in claimants]
    free = {one.key: one.free for one in slots}
    ways = (
        way
        for way in product(*choices)
        if all(way.count(key) <= places for key, places in free.items())
    )
    best = max(tuple(key is not None for key in way) for way in ways)
    expected = [one.id.int for one, sits in zip(claimants, best, strict=True) if sits]
    assert seated(slots, claimants) == expected


def _fits(one: Claimant, slots: list[Seat]) -> bool:
    """Whether slots of half an hour give the appointment its time, looked at one by one."""
    needed = {one.starts_at + timedelta(minutes=m) for m in range(0, one.minutes, 30)}
    return needed <= {slot.starts_at for slot in slots if one.item_code in slot.item_codes}
