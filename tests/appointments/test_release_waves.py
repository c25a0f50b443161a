"""Places online are released in portions: how many when, and what people are told of the rest."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import places, run_jobs, slot_ids
from tests.appointments.test_schedules import apply, change, free, propose

THREE = [
    {"percent": 60, "at": "08:00", "workdays": 2},
    {"percent": 30, "at": "12:00", "workdays": 1},
    {"percent": 10, "at": "07:00", "workdays": 0},
]
TEN: dict[str, Any] = {"capacity": {"online": 10}, "waves": THREE}
DAY = "2026-11-25"
"""Wednesday; looked at from Tuesday, 09:00, when the first portion of it is on sale."""


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
