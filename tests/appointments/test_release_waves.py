"""Places online are released in portions: how many when, and what people are told of the rest."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.schedules.making import Portion, WantedSlot, released
from services.appointments.slots.models import Pool
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import places, run_jobs, slot_ids
from tests.appointments.test_schedules import apply, change, free, propose
from tests.appointments.test_schedules_rules import plan, rule

THREE = [
    {"percent": 60, "at": "08:00", "workdays": 2},
    {"percent": 30, "at": "12:00", "workdays": 1},
    {"percent": 10, "at": "07:00", "workdays": 0},
]
TEN: dict[str, Any] = {"capacity": {"online": 10}, "waves": THREE}
DAY = "2026-11-25"
"""Wednesday; looked at from Tuesday, 09:00, when the first portion of it is on sale."""
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


async def test_each_portion_is_on_sale_from_its_time_and_people_see_what_is_still_to_come(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, TEN))
    assert await places(office, "online", DAY) == [(6, 6)] * 4
    query = {"hall": office.code, "item": office.items[0], "from": DAY, "to": "2026-11-27"}
    coming = good(await office.get("availability", params=query))["coming"]
    assert [(one["on_date"], one["opens_at"][:16], one["places"]) for one in coming] == [
        ("2026-11-25", "2026-11-24T12:00", 12),
        ("2026-11-26", "2026-11-25T12:00", 12),
        ("2026-11-27", "2026-11-25T08:00", 24),
    ]

    office.clock.at = NINE + timedelta(hours=3)
    await run_jobs(sessions, office.clock.at)
    assert await places(office, "online", DAY) == [(9, 9)] * 4
    event = (await office.events("slot.opened"))[-1]
    assert {one["capacity"] for one in event["slots"]} == {9}

    office.clock.at = NINE + timedelta(hours=22)
    await run_jobs(sessions, office.clock.at)
    assert await places(office, "online", DAY) == [(10, 10)] * 4
    seen = good(await propose(office, change(office, TEN)))
    assert (seen["withdrawn_count"], seen["orphaned"]) == (0, []), "only a further day is planned"


async def test_who_is_booked_keeps_the_place_when_the_portions_change(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, TEN))
    first = (await slot_ids(office, "online", DAY))[0]
    for _ in range(6):
        me = office.citizen()
        good(await office.do(await office.hold(first, headers=me), "confirm", me))
    problem(await office.ask(first), 409, "slot-full")

    fewer = {**TEN, "capacity": {"online": 6}}
    seen = good(await propose(office, change(office, fewer)))
    assert seen["orphaned"] == []
    await apply(office, change(office, fewer))
    assert (await places(office, "online", DAY))[0] == (6, 0)
    await run_jobs(sessions, NINE + timedelta(hours=24))
    assert (await places(office, "online", DAY))[0] == (6, 0)
    assert await free(office, **{"from": DAY, "to": DAY})


@pytest.mark.parametrize(
    "waves",
    [
        [{"percent": 60, "at": "08:00", "workdays": 2}],
        [THREE[1], THREE[0], THREE[2]],
        [{"percent": 50, "at": "08:00", "workdays": 1}] * 2,
        [{"percent": 100, "at": "08:00", "workdays": 3}],
    ],
)
async def test_portions_that_are_no_whole_or_out_of_order_are_refused(
    office: Office, waves: list[dict[str, Any]]
) -> None:
    answer = await propose(office, change(office, {"capacity": {"online": 4}, "waves": waves}))
    problem(answer, 422, "invalid-request")
