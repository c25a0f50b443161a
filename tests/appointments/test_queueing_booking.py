"""A booked person arrives: the ticket checks the appointment in, the queue settles it."""

from datetime import timedelta

import asyncpg
import pytest
from httpx import Response

from services.appointments.booking import settling
from services.appointments.queueing import expiry
from shared.clock import today
from shared.database.engine import Sessions
from shared.ids import new_id, public_code
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(items=2)
    await made.open()
    return made


async def booked(owner: asyncpg.Connection, floor: Floor, *, in_minutes: int = 0) -> str:
    """The code of a confirmed appointment for the hall's first item."""
    code, at = public_code("A"), floor.clock.at
    starts_at = at + timedelta(minutes=in_minutes)
    await owner.execute(
        "INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key, booked_by,"
        " on_date, starts_at, minutes, state, version, guide_version, policy_version, held_at,"
        " changed_at) VALUES ($1, $2, $3, $4, 'online', $5, 'citizen-1', $6, $7, 15, 'confirmed',"
        " 2, 1, 0, $8, $8)",
        new_id(),
        code,
        floor.code,
        floor.items[0],
        f"sub:{code}",
        today(starts_at),
        starts_at,
        at,
    )
    return code


async def state_of(owner: asyncpg.Connection, code: str) -> str:
    return str(await owner.fetchval("SELECT state FROM appointment WHERE code = $1", code))


async def test_taking_the_ticket_checks_the_appointment_in(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    walk_in = await floor.issue()
    code = await booked(owner, floor, in_minutes=30)
    ticket = await floor.issue(appointment_code=code.lower())
    assert (ticket["number"], await state_of(owner, code)) == ("B001", "checked_in")
    assert (await floor.see(walk_in))["ahead"] == 1
    [first, _] = good(await floor.get("queue"))["items"]
    assert (first["class"], first["credit_minutes"]) == ("appointment", 90)


async def test_served_is_served(floor: Floor, owner: asyncpg.Connection) -> None:
    code = await booked(owner, floor)
    ticket = await floor.issue(appointment_code=code)
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    assert await state_of(owner, code) == "served"


async def test_late_people_wait_like_everybody(floor: Floor, owner: asyncpg.Connection) -> None:
    code = await booked(owner, floor, in_minutes=-16)
    await floor.issue(appointment_code=code)
    [entry] = good(await floor.get("queue"))["items"]
    assert entry["credit_minutes"] == 0


@pytest.mark.parametrize("by_check_in", [True, False])
async def test_who_was_wrongly_marked_absent_keeps_the_place_of_somebody_in_time(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions, by_check_in: bool
) -> None:
    code = await booked(owner, floor)
    floor.clock.pass_(minutes=45)
    async with sessions() as session, session.begin():
        await settling.miss_absent(session, floor.clock.at)
    assert await state_of(owner, code) == "no_show"
    for _ in range(3):
        await floor.issue()
    url, why = f"/api/v1/appointments/{code}/correct-no-show", {"reason": "本人一直在大厅"}
    good(await floor.client.post(url, json=why, headers=floor.clerk()))

    if by_check_in:
        ticket = good(await check_in(floor, code))["ticket"]
    else:
        ticket = await floor.issue(appointment_code=code)

    seen = await floor.see(ticket)
    [first, *_] = good(await floor.get("queue"))["items"]
    assert (seen["ahead"], first["number"], first["credit_minutes"]) == (0, ticket["number"], 90)


async def check_in(floor: Floor, code: str, headers: dict[str, str] | None = None) -> Response:
    url = f"/api/v1/appointments/{code}/check-in"
    return await floor.client.post(url, headers=headers or floor.kiosk())


async def test_checking_in_gives_the_ticket_that_is_called(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    arrived = good(await check_in(floor, code))
    ticket = arrived["ticket"]
    assert (arrived["state"], ticket["number"], ticket["state"]) == (
        ("checked_in", "B001", "waiting")
    )
    assert ticket["rating_key"]
    assert (await floor.call())["id"] == ticket["id"]


@provokes("check_in_appointment", "already-ticketed")
async def test_checking_in_again_names_the_ticket(floor: Floor, owner: asyncpg.Connection) -> None:
    code = await booked(owner, floor)
    ticket = good(await check_in(floor, code))["ticket"]
    for answer in (await check_in(floor, code), await floor.ask_ticket(appointment_code=code)):
        again = problem(answer, 409, "already-ticketed")
        assert (again["ticket_id"], again["number"]) == (ticket["id"], ticket["number"])


@pytest.mark.parametrize("who", ["citizen", "clerk", "hall_manager", "device"])
async def test_the_owner_and_the_hall_check_in_and_get_the_ticket(
    floor: Floor, owner: asyncpg.Connection, who: str
) -> None:
    code = await booked(owner, floor)
    mine = who == "citizen"
    headers = floor.sign(who, sub=code) if mine else floor.sign(who, floor.code)
    assert good(await check_in(floor, code, headers))["ticket"]["number"] == "B001"


@provokes("check_in_appointment", "hall-closed")
async def test_a_refused_check_in_leaves_neither_a_ticket_nor_an_arrival(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    now = floor.clock.at
    await owner.execute(
        "INSERT INTO closure (id, hall_code, starts_at, ends_at, reason, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, '停电', 'manager', $3)",
        new_id(),
        floor.code,
        now,
        now + timedelta(hours=1),
    )
    problem(await check_in(floor, code), 409, "hall-closed")
    assert await state_of(owner, code) == "confirmed"
    assert good(await floor.get("queue"))["items"] == []


async def test_who_came_for_what_no_window_serves_is_checked_in_all_the_same(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    for window in floor.windows:
        await serve_items(owner, floor.code, window, floor.items[1:])
    arrived = good(await check_in(floor, code))
    assert (arrived["state"], arrived["ticket"]) == ("checked_in", None)


async def test_who_checked_in_on_time_keeps_the_credit_whenever_the_ticket_is_taken(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    ticket = good(await check_in(floor, code))["ticket"]
    await floor.done(ticket, "abandon")
    floor.clock.pass_(minutes=25)
    await floor.issue(appointment_code=code)
    [entry] = good(await floor.get("queue"))["items"]
    assert entry["credit_minutes"] == 90


async def test_a_booked_person_never_queues_twice(floor: Floor, owner: asyncpg.Connection) -> None:
    code = await booked(owner, floor)
    first = await floor.issue(appointment_code=code)
    again = problem(await floor.ask_ticket(appointment_code=code), 409, "already-ticketed")
    assert (again["ticket_id"], again["number"], again["state"]) == (
        (first["id"], first["number"], "waiting")
    )


async def test_the_code_is_good_for_its_item_and_hall_only(
    floor: Floor, owner: asyncpg.Connection, hall: Build
) -> None:
    code = await booked(owner, floor)
    wrong = await floor.ask_ticket(appointment_code=code, items=floor.items[1:])
    assert problem(wrong, 422, "invalid-request")["errors"][0]["pointer"] == "/body/items"
    elsewhere = await (await hall()).ask_ticket(appointment_code=code)
    pointer = problem(elsewhere, 404, "not-found")["errors"][0]["pointer"]
    assert pointer == "/body/appointment_code"
    assert await state_of(owner, code) == "confirmed"


async def test_the_wait_allows_for_booked_people_who_are_still_to_come(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await floor.issue()
    await floor.call()
    alone = await floor.issue()
    for _ in range(6):
        await booked(owner, floor, in_minutes=1)
    floor.clock.pass_(seconds=2)  # a forecast is a second old at most
    joined = await floor.issue()
    waits = [ticket["estimate"]["p50_minutes"] for ticket in (alone, joined)]
    assert waits[1] >= waits[0] + 30


async def test_missed_for_good_is_not_shown_up(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    code = await booked(owner, floor)
    ticket = await floor.issue(appointment_code=code)
    await floor.call()
    await floor.done(ticket, "miss")
    for minutes, closed in ((29, "missed"), (2, "closed")):
        floor.clock.pass_(minutes=minutes)
        async with sessions() as session, session.begin():
            await expiry.close_missed(session, floor.clock.at)
        assert (await floor.see(ticket))["state"] == closed
    assert await state_of(owner, code) == "no_show"


async def test_an_undone_finish_is_served_no_longer(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    ticket = await floor.issue(appointment_code=code)
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="rejected")
    await floor.done(ticket, "undo")
    assert await state_of(owner, code) == "checked_in"
    await floor.done(ticket, "finish", outcome="done")
    assert await state_of(owner, code) == "served"


async def test_an_undone_finish_leaves_what_was_booked_meanwhile(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    ticket = await floor.issue(appointment_code=code)
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    newer = await booked(owner, floor)
    await owner.execute(
        "UPDATE appointment SET citizen_key = $2 WHERE code = $1", newer, f"sub:{code}"
    )
    assert (await floor.done(ticket, "undo"))["state"] == "serving"
    assert (await state_of(owner, code), await state_of(owner, newer)) == ("served", "confirmed")


async def test_each_finish_of_a_visit_has_a_higher_version(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """Also when the finish was undone for a transfer and the next leg is the one that ends it."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="rejected")
    await floor.done(ticket, "undo")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    leg = {"id": sent["next_ticket_id"]}
    await floor.call()
    await floor.done(leg, "serve")
    await floor.done(leg, "finish", outcome="done")
    rows = await owner.fetch(
        "SELECT convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'outcome' AS outcome,"
        " (convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'version')::int AS version"
        " FROM outbox WHERE subject = $1 ORDER BY position",
        f"appointments.case.finished.v1.{floor.code}",
    )
    assert [row["outcome"] for row in rows] == ["rejected", "done"]
    assert rows[0]["version"] < rows[1]["version"]
