"""Actions on the floor are decided on what was read: whatever else changes before they are written
refuses nobody, and none of it is overlooked."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.ids import new_id
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.appointments.test_queueing_booking import booked, state_of
from tests.waiting import until_it_waits

FLOOR = "SELECT FROM hall_floor WHERE hall_code = $1 FOR UPDATE"
TICKET = "SELECT FROM ticket WHERE id = $1 FOR UPDATE NOWAIT"
APPOINTMENT = "SELECT FROM appointment WHERE code = $1 FOR UPDATE NOWAIT"
AT_WORK = "SELECT FROM window_at_work WHERE window_id = $1 FOR UPDATE NOWAIT"
MOVE_WINDOW = "UPDATE window_at_work SET state = $2, version = version + 1 WHERE window_id = $1"


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def serving(floor: Floor, **wish: Any) -> dict[str, Any]:
    ticket = await floor.issue(**wish)
    await floor.call()
    return await floor.done(ticket, "serve")


async def states(floor: Floor) -> dict[int, str]:
    windows: Any = (await floor.get("windows-at-work")).json()["items"]
    return {window["no"]: window["state"] for window in windows}


@pytest.mark.parametrize(("meanwhile", "then"), [("paused", "paused"), ("draining", "closed")])
async def test_a_window_that_changes_meanwhile_refuses_no_clerk_and_is_not_left_to_drain(
    floor: Floor, other: asyncpg.Connection, meanwhile: str, then: str
) -> None:
    ticket = await serving(floor)
    await other.execute(FLOOR, floor.code)
    finishing = asyncio.create_task(floor.done(ticket, "finish", outcome="done"))
    await until_it_waits(other, finishing)
    await other.execute(MOVE_WINDOW, floor.windows[0], meanwhile)
    await other.execute("COMMIT")

    assert (await finishing)["state"] == "done"
    assert (await states(floor))[1] == then


async def test_a_window_that_closes_while_its_person_leaves_is_closed(
    floor: Floor, other: asyncpg.Connection
) -> None:
    ticket = await serving(floor)
    await other.execute(FLOOR, floor.code)
    finishing = asyncio.create_task(floor.done(ticket, "finish", outcome="done"))
    await until_it_waits(other, finishing)
    closing = asyncio.create_task(floor.window("close"))
    await until_it_waits(other, closing, many=2)
    await other.execute("ROLLBACK")

    assert (await finishing)["state"] == "done"
    assert (await closing).status_code == 200
    assert (await states(floor))[1] == "closed"


async def test_a_window_that_closes_while_it_calls_drains(
    floor: Floor, other: asyncpg.Connection
) -> None:
    await floor.issue()
    await other.execute(FLOOR, floor.code)
    calling = asyncio.create_task(floor.window("call-next"))
    await until_it_waits(other, calling)
    closing = asyncio.create_task(floor.window("close"))
    await until_it_waits(other, closing, many=2)
    await other.execute("ROLLBACK")

    called, closed = await calling, good(await closing)
    expected = {200: "draining", 409: "closed"}  # 409: it was closed before
    assert closed["state"] == expected[called.status_code]


async def test_a_window_that_is_retired_meanwhile_does_not_open(
    floor: Floor, other: asyncpg.Connection
) -> None:
    good(await floor.window("close"))
    await other.execute('UPDATE "window" SET retired_at = now() WHERE id = $1', floor.windows[0])
    opening = asyncio.create_task(floor.window("open"))
    await until_it_waits(other, opening)
    await other.execute("COMMIT")

    problem(await opening, 404, "not-found")


async def test_two_who_open_a_window_at_once_open_it_once(hall: Build) -> None:
    floor = await hall()
    answers = await asyncio.gather(*(floor.window("open") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert {answer.json()["state"] for answer in answers} == {"open"}


async def test_an_appointment_that_was_settled_meanwhile_stays_so(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    ticket = await serving(floor, appointment_code=code)
    lapsed = "UPDATE appointment SET state = 'lapsed', version = version + 1 WHERE code = $1"
    await other.execute(lapsed, code)
    finishing = asyncio.create_task(floor.done(ticket, "finish", outcome="done"))
    await until_it_waits(other, finishing)
    await other.execute("COMMIT")

    assert (await finishing)["state"] == "done"
    assert await state_of(owner, code) == "lapsed"


async def test_an_undo_meets_who_has_come_to_the_window_meanwhile(
    floor: Floor, other: asyncpg.Connection
) -> None:
    ticket, next_one = await serving(floor), await floor.issue()
    await floor.done(ticket, "finish", outcome="done")
    await other.execute(
        "INSERT INTO call (id, ticket_id, hall_code, window_id, window_no, item_code, clerk,"
        " policy_version, ignored_credits, overtook, called_at)"
        " VALUES ($1, $2, $3, $4, 1, $5, 'clerk', 0, false, '{}', now())",
        new_id(),
        UUID(next_one["id"]),
        floor.code,
        floor.windows[0],
        floor.items[0],
    )
    undoing = asyncio.create_task(floor.do(ticket, "undo"))
    await until_it_waits(other, undoing)
    await other.execute("COMMIT")

    problem(await undoing, 409, "window-busy")
    assert (await floor.see(ticket))["state"] == "done"


async def test_an_undo_meets_the_ticket_that_was_taken_meanwhile(
    floor: Floor, other: asyncpg.Connection
) -> None:
    mine = floor.sign("citizen", sub=uuid4().hex)
    headers = mine | {"Idempotency-Key": uuid4().hex}
    ticket, third = await floor.issue(headers=headers), await floor.issue()
    await floor.done(ticket, "abandon")
    theirs = (
        "UPDATE ticket t SET owner = m.owner, citizen_key = m.citizen_key FROM ticket m"
        " WHERE t.id = $1 AND m.id = $2"
    )
    await other.execute(theirs, UUID(third["id"]), UUID(ticket["id"]))
    undoing = asyncio.create_task(floor.do(ticket, "undo"))
    await until_it_waits(other, undoing)
    await other.execute("COMMIT")

    problem(await undoing, 409, "ticketed-again")
    assert (await floor.see(ticket))["state"] == "abandoned"


async def test_an_undone_finish_leaves_what_is_booked_at_this_moment(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    code, newer = await booked(owner, floor), await booked(owner, floor)
    ticket = await serving(floor, appointment_code=code)
    await floor.done(ticket, "finish", outcome="done")
    await other.execute(
        "UPDATE appointment SET citizen_key = $2 WHERE code = $1", newer, f"sub:{code}"
    )
    undoing = asyncio.create_task(floor.done(ticket, "undo"))
    await until_it_waits(other, undoing)
    await other.execute("COMMIT")

    assert (await undoing)["state"] == "serving"
    assert (await state_of(owner, code), await state_of(owner, newer)) == ("served", "confirmed")


@pytest.mark.parametrize("action", ["finish", "transfer"])
async def test_many_with_one_key_act_once_and_get_one_answer(
    floor: Floor, owner: asyncpg.Connection, action: str
) -> None:
    ticket = await serving(floor)
    body = {"outcome": "done"} if action == "finish" else {"items": floor.items[1:]}
    headers = {**floor.clerk(), "Idempotency-Key": uuid4().hex}
    asked = (floor.do(ticket, action, headers=headers, **body) for _ in range(6))
    answers = await asyncio.gather(*asked)
    later = await floor.do(ticket, action, headers=headers, **body)
    done = [one for one in (*answers, later) if one.status_code == 200]
    assert {one.json()["type"] for one in answers if one not in done} <= {"/problems/still-running"}
    assert len({one.content for one in done}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    count = "SELECT count(*) FROM ticket_event WHERE ticket_id = $1 AND action = $2"
    assert await owner.fetchval(count, UUID(ticket["id"]), action) == 1


async def test_who_transfers_second_is_told_how_the_ticket_stands(floor: Floor) -> None:
    ticket = await serving(floor)
    asked = (floor.do(ticket, "transfer", items=floor.items[1:]) for _ in range(4))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 3
    states = {answer.json()["state"] for answer in answers}
    assert states == {"transferred"}


@pytest.mark.parametrize("waits_for", ["ticket", "appointment", "floor", "window"])
async def test_an_action_holds_nothing_that_comes_after_what_it_waits_for(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection, waits_for: str
) -> None:
    code = await booked(owner, floor)
    ticket = await serving(floor, appointment_code=code)
    good(await floor.window("close"))
    order: list[tuple[str, str, object]] = [
        ("ticket", TICKET, UUID(ticket["id"])),
        ("appointment", APPOINTMENT, code),
        ("floor", f"{FLOOR} NOWAIT", floor.code),
        ("window", AT_WORK, floor.windows[0]),
    ]
    first = [name for name, _, _ in order].index(waits_for)
    _, statement, key = order[first]
    await other.execute(statement, key)
    finishing = asyncio.create_task(floor.done(ticket, "finish", outcome="done"))
    await until_it_waits(other, finishing)
    for _, statement, key in order[first + 1 :]:
        await other.execute(statement, key)
    await other.execute("ROLLBACK")

    await finishing
    assert (await states(floor))[1] == "closed"
    assert await state_of(owner, code) == "served"


@pytest.mark.parametrize("is_checked_in", [False, True])
async def test_no_ticket_is_issued_for_an_appointment_that_is_settled_meanwhile(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection, is_checked_in: bool
) -> None:
    code = await booked(owner, floor)
    if is_checked_in:
        given_up = await floor.issue(appointment_code=code)
        await floor.done(given_up, "abandon")
    lapsed = "UPDATE appointment SET state = 'lapsed', version = version + 1 WHERE code = $1"
    await other.execute(lapsed, code)
    issuing = asyncio.create_task(floor.ask_ticket(appointment_code=code))
    await until_it_waits(other, issuing)
    await other.execute("COMMIT")

    assert problem(await issuing, 409, "state-conflict")["state"] == "lapsed"
    assert good(await floor.get("queue"))["items"] == []
    assert (await floor.issue())["number"] == "A001"


@pytest.mark.parametrize(("still_serving", "status"), [((0,), 200), ((1,), 200), ((), 422)])
async def test_nobody_is_sent_to_what_no_window_serves_any_more(
    floor: Floor, other: asyncpg.Connection, still_serving: tuple[int, ...], status: int
) -> None:
    ticket, wanted = await serving(floor), floor.items[1:]
    await other.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 13))", floor.code)
    sending = asyncio.create_task(floor.do(ticket, "transfer", items=wanted))
    await until_it_waits(other, sending)
    for place, window in enumerate(floor.windows):
        kept = floor.items if place in still_serving else floor.items[:1]
        await serve_items(other, floor.code, window, kept)
    await other.execute("COMMIT")

    answer = await sending
    assert answer.status_code == status, answer.text
    expected = "transferred" if still_serving else "serving"
    assert (await floor.see(ticket))["state"] == expected
