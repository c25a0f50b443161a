"""Who may wait for what, and how a wait ends."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

from services.appointments.booking import settling as holds
from shared.database.engine import Sessions
from tests.appointments.conftest import Identify
from tests.appointments.offices import NINE, Office, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.waiting_line import (
    FAR,
    MINUTE,
    URL,
    Jobs,
    ask,
    join,
    line_of,
    mine,
    offered,
    standing,
    taken,
)
from tests.provoking import provokes


@provokes("join_waitlist", "already-waiting")
@provokes("leave_waitlist", "state-conflict")
async def test_one_place_in_line_a_person_hall_and_item(office: Office, jobs: Jobs) -> None:
    _, held, owner, (me,) = await line_of(office, 1)
    answer = await ask(office, me)
    [entry] = await mine(office, me)
    assert problem(answer, 409, "already-waiting")["waitlist_id"] == entry["id"]
    both = await asyncio.gather(*(ask(office, one) for one in [office.citizen()] * 2))
    assert sorted(one.status_code for one in both) == [201, 409]

    left = good(await office.client.delete(f"{URL}/{entry['id']}", headers=me))
    assert left["state"] == "left"
    problem(await office.client.delete(f"{URL}/{entry['id']}", headers=me), 409, "state-conflict")
    stranger = await office.client.delete(f"{URL}/{entry['id']}", headers=office.citizen())
    problem(stranger, 404, "not-found")
    await join(office, me)
    assert len(await office.events("waitlist.left")) == 1


async def test_one_person_by_id_number_however_staff_name_them(office: Office) -> None:
    await taken(office, await office.slot(FAR, capacity=1))
    who = person(id_number=id_number())
    entry = await join(office, office.clerk(), citizen=who)
    again = {**person(), "id_number": who["id_number"]}
    answer = await ask(office, office.manager(), citizen=again)
    assert problem(answer, 409, "already-waiting")["waitlist_id"] == entry["id"]
    problem(
        await ask(office, office.manager(), citizen={**who, "id_number": None}),
        409,
        "already-waiting",
    )

    [listed] = await mine(office, office.clerk(), f"?hall={office.code}&state=waiting")
    assert listed["citizen"]["name"] == "张**"
    problem(await office.get("waitlist", headers=office.clerk()), 422, "invalid-request")
    problem(await ask(office, office.citizen(), citizen=who), 422, "invalid-request")
    problem(await ask(office, office.citizen(), pool="assisted"), 422, "invalid-request")
    problem(await ask(office, office.clerk(), hall_code="H001", citizen=person()), 404, "not-found")


async def test_an_account_that_is_identified_waits_as_who_it_is(
    office: Office, identify: Identify
) -> None:
    await taken(office, await office.slot(FAR, capacity=1))
    account, who = uuid4(), person(id_number=id_number())
    me = office.citizen(str(account))
    entry = await join(office, me)

    await identify(account, who)

    answer = await ask(office, office.clerk(), citizen=who)
    assert problem(answer, 409, "already-waiting")["waitlist_id"] == entry["id"]
    other, number = uuid4(), person(id_number=id_number())
    await identify(other, number)
    await join(office, office.clerk(), citizen=number)
    [seen] = await mine(office, office.citizen(str(other)))
    assert seen["state"] == "waiting"


async def test_staff_are_offered_for_whom_they_named(office: Office, jobs: Jobs) -> None:
    slot = await office.slot(FAR, capacity=1)
    held, owner = await taken(office, slot)
    who = person(id_number=id_number())
    await join(office, office.clerk(), citizen=who)
    good(await office.do(held, "cancel", owner))
    await jobs()
    [listed] = await mine(office, office.clerk(), f"?hall={office.code}&state=offered")
    offer = {"id": listed["offer"]["appointment_id"]}
    done = good(await office.do(offer, "confirm", office.clerk()))
    assert done["citizen"]["name"] == "张**"


@provokes("join_waitlist", "places-free")
async def test_nobody_waits_where_there_is_room(office: Office) -> None:
    slot = await office.slot(FAR, capacity=1)
    answer = await ask(office, office.citizen())
    [free] = problem(answer, 409, "places-free")["alternatives"]
    assert free["id"] == str(slot)
    # Other hours or days are wanted, at which there is none.
    await join(office, office.citizen(), not_before="13:00")
    await join(office, office.citizen(), last_on="2026-11-25")
    problem(await ask(office, office.citizen(), last_on="2026-11-01"), 422, "invalid-request")
    problem(await ask(office, office.citizen(), item_code="NO-SUCH"), 422, "invalid-request")
    problem(await ask(office, office.citizen(), hall_code="NOWHERE"), 404, "not-found")


@provokes("join_waitlist", "booking-barred")
async def test_who_is_barred_does_not_wait(office: Office, sessions: Sessions) -> None:
    me = office.citizen()
    terms = {"no_show_limit": 1, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=terms, headers=office.manager()))
    slot = await office.slot(NINE + timedelta(hours=3), capacity=1)
    await taken(office, slot, headers=me)
    entry_of = office.citizen()
    await join(office, entry_of)
    office.clock.at = NINE + timedelta(hours=5)
    async with sessions() as session, session.begin():
        await holds.miss_absent(session, office.clock.at)
    answer = await ask(office, me)
    assert "penalty_id" in problem(answer, 403, "booking-barred")


async def test_only_wanted_days_and_hours_are_offered(office: Office, jobs: Jobs) -> None:
    early, late = FAR, FAR + timedelta(hours=5)
    kept = [await taken(office, await office.slot(at, capacity=1)) for at in (early, late)]
    me, other = office.citizen(), office.citizen()
    await join(office, me, not_before="13:00")
    await join(office, other, first_on="2026-11-28")
    for held, owner in kept:
        good(await office.do(held, "cancel", owner))

    await jobs()

    assert datetime.fromisoformat((await offered(office, me))["starts_at"]) == late
    assert await standing(office, other) == "waiting"


async def test_a_long_item_is_offered_all_its_slots_in_a_row(office: Office, jobs: Jobs) -> None:
    await office.owner.execute(
        "UPDATE item SET standard_minutes = 50 WHERE code = $1", office.items[0]
    )
    run = [await office.slot(FAR + n * 30 * MINUTE, capacity=1) for n in range(2)]
    held, owner = await taken(office, run[0])
    me = office.citizen()
    await join(office, me)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, me)
    assert offer["minutes"] == 60
    good(await office.do(offer, "confirm", me))
    assert [await office.booked(slot) for slot in run] == [1, 1]


async def test_who_has_something_else_then_is_passed_over(office: Office, jobs: Jobs) -> None:
    slot, held, owner, (first, second) = await line_of(office)
    await taken(office, await office.slot(FAR, rule_code="R9"), headers=first, item=office.items[1])
    good(await office.do(held, "cancel", owner))

    await jobs()

    assert await standing(office, first) == "waiting"
    await offered(office, second)
    assert await office.booked(slot) == 1


async def test_leaving_gives_the_offered_place_to_the_next(office: Office, jobs: Jobs) -> None:
    _, held, owner, (first, second) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, first)

    left = await office.client.delete(f"{URL}/{offer['entry']}", headers=first)

    assert good(left)["state"] == "left"
    found = good(await office.get(f"appointments/{offer['id']}", headers=first))
    assert found["state"] == "cancelled"
    await jobs()
    accepted = await offered(office, second)
    good(await office.do(accepted, "confirm", second))
    answer = await office.client.delete(f"{URL}/{accepted['entry']}", headers=second)
    problem(answer, 409, "state-conflict")


async def test_a_withdrawn_time_puts_the_person_back_where_they_were(
    office: Office, jobs: Jobs, sessions: Sessions
) -> None:
    slot, held, owner, (first, _) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    await offered(office, first)
    closure = {
        "hall_code": office.code,
        "starts_at": FAR.isoformat(),
        "ends_at": (FAR + timedelta(hours=1)).isoformat(),
        "reason": "停电",
    }
    good(await office.client.post("/api/v1/closures", json=closure, headers=office.manager()), 201)

    await jobs()

    assert await standing(office, first) == "waiting"
    assert len(await office.events("waitlist.recalled")) == 1


async def test_the_wait_ends_with_its_days(office: Office, jobs: Jobs) -> None:
    await taken(office, await office.slot(FAR, capacity=1))
    me = office.citizen()
    await join(office, me, last_on="2026-11-27")
    office.clock.at = FAR + timedelta(hours=20)
    await jobs()
    assert await standing(office, me) == "expired"
    [event] = await office.events("waitlist.expired")
    assert event["appointment_id"] is None
