"""What a pool has left at a set time goes online: to who lost a time, who waits, then to all."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.appointments.portions import service as portions
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import left_of, places, run_jobs, slot_ids
from tests.appointments.test_resupport import drift
from tests.appointments.test_schedules import apply, change, free, propose
from tests.appointments.waiting_line import Jobs, join, offered, standing

FIVE = NINE + timedelta(hours=8)
"""17:00 on the day before the one that the tests look at."""
DAY = "2026-11-25"
TERMS: dict[str, Any] = {
    "capacity": {"online": 1, "phone": 2, "on_site": 1},
    "returns": {"phone": {"at": "17:00", "workdays": 1}, "on_site": {"at": "18:00", "workdays": 1}},
}


async def at(office: Office, sessions: Sessions, now: datetime) -> None:
    office.clock.at = now
    await run_jobs(sessions, now)


async def taken(office: Office, slot: Any, **options: Any) -> dict[str, Any]:
    headers = options.setdefault("headers", office.citizen())
    held = await office.hold(slot, **options)
    good(await office.do(held, "confirm", headers))
    return {**held, "owner": headers}


async def test_what_is_left_goes_online_and_what_was_taken_stays(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, TERMS))
    await taken(
        office, (await slot_ids(office, "phone"))[0], headers=office.clerk(), citizen=person()
    )
    await at(office, sessions, FIVE - timedelta(minutes=1))
    assert await places(office, "phone") == [(2, 1), (2, 2), (2, 2), (2, 2)]

    await at(office, sessions, FIVE)

    assert await places(office, "phone") == [(1, 0), (0, 0), (0, 0), (0, 0)]
    assert await places(office, "online") == [(2, 2), (3, 3), (3, 3), (3, 3)]
    assert await places(office, "on_site") == [(1, 1)] * 4
    shown = await free(office, **{"from": DAY, "to": DAY})
    assert [one["free"] for one in shown] == [2, 3, 3, 3]
    assert await left_of(office) == []
    event = (await office.events("slot.opened"))[-1]
    assert (event["pool"], event["on_date"]) == ("online", DAY)
    assert [one["capacity"] for one in event["slots"]] == [2, 3, 3, 3]

    await at(office, sessions, FIVE + timedelta(hours=1))
    assert await places(office, "online") == [(3, 3), (4, 4), (4, 4), (4, 4)]


async def test_it_goes_once_however_often_the_job_runs_and_what_is_given_back_later_follows(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, TERMS))
    slot = (await slot_ids(office, "phone"))[0]
    held = await taken(office, slot, headers=office.clerk(), citizen=person())
    for minute in range(3):
        await at(office, sessions, FIVE + timedelta(minutes=minute))
    assert (await places(office, "online"))[0] == (2, 2)

    good(await office.do(held, "cancel", office.clerk()))
    await at(office, sessions, FIVE + timedelta(minutes=4))
    assert (await places(office, "online"))[0] == (2, 2), "kept back like every cancelled place"
    await at(office, sessions, FIVE + timedelta(hours=3))

    assert (await places(office, "online"))[0] == (4, 4)
    assert await left_of(office) == []
    assert await drift(office) == 0


async def test_who_waits_is_offered_what_returns_before_strangers_see_it(
    office: Office, sessions: Sessions, jobs: Jobs
) -> None:
    await apply(office, change(office, TERMS))
    for slot in await slot_ids(office, "online"):
        await taken(office, slot)
    me = office.citizen()
    await join(office, me, first_on=DAY, last_on=DAY)

    await at(office, sessions, FIVE)

    assert [left for _, left in await places(office, "online")] == [1, 1, 1, 1]
    await jobs()
    assert await standing(office, me) == "offered"
    good(await office.do(await offered(office, me), "confirm", me))
    await at(office, sessions, FIVE + timedelta(minutes=16))
    assert sum(left for _, left in await places(office, "online")) == 7
    assert await drift(office) == 0


async def test_who_lost_a_time_has_it_again_before_who_waits(
    office: Office, sessions: Sessions, jobs: Jobs
) -> None:
    returns = {"returns": {"phone": {"at": "17:00", "workdays": 1}}}
    two, one = {"online": 2, "phone": 1}, {"online": 1, "phone": 1}
    await apply(office, change(office, {"capacity": two, **returns}))
    first, second = [await taken(office, (await slot_ids(office, "online"))[0]) for _ in range(2)]
    await apply(office, change(office, {"capacity": one, **returns}))
    for slot in (await slot_ids(office, "online"))[1:]:
        await taken(office, slot)
    me = office.citizen()
    await join(office, me, first_on=DAY, last_on=DAY, not_after="09:40")

    office.clock.at = FIVE
    async with sessions() as session, session.begin():
        await portions.cede_due(session, FIVE)
    await jobs()
    assert await standing(office, me) == "waiting"
    problem(await office.ask((await slot_ids(office, "online"))[0]), 409, "slot-full")
    await at(office, sessions, FIVE)

    found = good(await office.get(f"appointments/{second['id']}", headers=second["owner"]))
    assert found["state"] == "confirmed"
    assert first["id"] != second["id"]
    assert await drift(office) == 0


async def test_a_change_of_rules_leaves_what_was_returned_where_it_is(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, TERMS))
    await at(office, sessions, FIVE)
    slot = (await slot_ids(office, "online"))[0]
    people = [await taken(office, slot) for _ in range(3)]

    seen = good(await propose(office, change(office, TERMS)))
    assert (seen["added_count"], seen["withdrawn_count"], seen["orphaned"]) == (0, 0, [])
    more = {**TERMS, "capacity": {"online": 2, "phone": 1, "on_site": 1}}
    seen = good(await propose(office, change(office, more)))
    assert seen["orphaned"] == []
    await apply(office, change(office, more))

    assert (await places(office, "online"))[0] == (3, 0)
    assert (await places(office, "phone"))[0] == (0, 0)
    assert await left_of(office) == []
    assert len({one["id"] for one in people}) == 3


@pytest.mark.parametrize(
    "terms",
    [
        {"returns": {"phone": {"at": "17:00", "workdays": 1}}},
        {"returns": {"online": {"at": "17:00", "workdays": 1}}},
        {**TERMS, "lead_workdays": 2},
        {**TERMS, "returns": {"phone": {"at": "25:00", "workdays": 1}}},
        {**TERMS, "returns": {"phone": {"workdays": 1}}},
    ],
)
async def test_a_return_that_could_bring_nobody_anything_is_refused(
    office: Office, terms: dict[str, Any]
) -> None:
    problem(await propose(office, change(office, terms)), 422, "invalid-request")


async def test_a_rule_of_staff_alone_may_give_what_is_left_to_those_online(
    office: Office, sessions: Sessions
) -> None:
    await apply(
        office,
        change(
            office,
            {
                "capacity": {"assisted": 2},
                "share_at": "17:00",
                "share_workdays": 1,
            },
        ),
    )
    [rule] = good(await office.get("schedules", params={"hall": office.code}))["items"]
    assert rule["returns"] == {"assisted": {"at": "17:00", "workdays": 1}}
    assert rule["bookable_until"] is None
    assert await free(office, full=True) == []

    await at(office, sessions, FIVE)

    assert await places(office, "assisted") == [(0, 0)] * 4
    assert [one["free"] for one in await free(office, **{"from": DAY, "to": DAY})] == [2] * 4
