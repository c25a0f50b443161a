"""Places in portions: how many are released when, of a slot and of a rule. Without a database."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.schedules.making import Portion, WantedSlot, released
from services.appointments.slots.models import Pool
from tests.appointments.test_schedules_rules import plan, rule

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)


def slot(places_: int, *portions: Portion, ceded: int = 0) -> WantedSlot:
    return WantedSlot(
        "R", Pool.ONLINE, ("I",), date(2026, 11, 25), AT, 30, places_, AT, AT,
        ceded=ceded, portions=portions,
    )  # fmt: skip


def portions(*percents: int) -> list[Portion]:
    return [Portion(AT - timedelta(days=9 - n), p) for n, p in enumerate(percents)]


@pytest.mark.parametrize(
    ("places_", "percents", "given_out"),
    [
        (10, (60, 30, 10), [6, 3, 1]),
        (1, (60, 30, 10), [1, 0, 0]),
        (2, (60, 30, 10), [1, 1, 0]),
        (3, (60, 30, 10), [2, 1, 0]),
        (7, (60, 30, 10), [4, 2, 1]),
        (4, (50, 50), [2, 2]),
        (0, (50, 50), [0, 0]),
    ],
)
def test_portions_are_rounded_to_what_all_up_to_them_come_to(
    places_: int, percents: tuple[int, ...], given_out: list[int]
) -> None:
    shares = portions(*percents)
    found = [released(slot(places_, *shares), 0, one.at).capacity for one in shares]
    assert found == [sum(given_out[: n + 1]) for n in range(len(given_out))]


@given(
    places_=st.integers(0, 40),
    cut=st.integers(1, 99),
    ceded=st.integers(0, 5),
    booked=st.integers(0, 60),
    days=st.integers(0, 12),
)
def test_whenever_it_is_looked_at_no_place_is_lost_or_made(
    places_: int, cut: int, ceded: int, booked: int, days: int
) -> None:
    whole = slot(places_ + ceded, *portions(cut, 100 - cut), ceded=ceded)
    seen = released(whole, booked, AT - timedelta(days=days))

    assert seen.capacity + sum(wave.places for wave in seen.later) == places_ + ceded
    assert seen.capacity >= min(booked, places_ + ceded), "nobody loses a place by it"
    assert all(wave.places > 0 for wave in seen.later)


def test_portions_are_dated_by_the_working_days_of_the_rule() -> None:
    waves = [
        {"percent": 50, "at": "08:00", "workdays": 3},
        {"percent": 50, "at": "12:00", "workdays": 1},
    ]
    made = plan(rule(capacity={"online": 4, "assisted": 2}, waves=waves))

    monday = [one for one in made.slots if one.on_date == date(2026, 11, 30)]
    online = next(one for one in monday if one.pool is Pool.ONLINE)
    # Three working days before Monday the 30th is Wednesday the 25th, one is Friday the 27th.
    assert online.opens_at == datetime(2026, 11, 25, 0, tzinfo=UTC)
    assert [(wave.at, wave.places) for wave in online.later] == [
        (datetime(2026, 11, 25, 0, tzinfo=UTC), 0),
        (datetime(2026, 11, 27, 4, tzinfo=UTC), 2),
    ][1:]
    assert {one.later for one in monday if one.pool is not Pool.ONLINE} == {()}


def test_what_would_come_after_a_slot_has_begun_comes_with_the_portion_before() -> None:
    late = [
        {"percent": 50, "at": "00:00", "workdays": 1},
        {"percent": 50, "at": "10:00", "workdays": 0},
    ]
    [early, *_] = [
        one
        for one in plan(rule(capacity={"online": 4}, waves=late, starts=time(9, 30))).slots
        if one.on_date == date(2026, 11, 25)
    ]
    assert (early.capacity, early.later) == (4, ())
