"""A ticket is decided on what was read: who takes the number first is seen by the others."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_queueing_booking import booked, state_of
from tests.waiting import until_it_waits

SERIES = "UPDATE number_series SET last = last + 1 WHERE hall_code = $1"


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def check_in(floor: Floor, code: str, **others: str) -> Any:
    url = f"/api/v1/appointments/{code}/check-in"
    return await floor.client.post(url, headers={**floor.sign("device", floor.code), **others})


async def test_many_who_come_at_once_get_numbers_without_gaps(floor: Floor) -> None:
    answers = await asyncio.gather(*(floor.ask_ticket() for _ in range(12)))
    assert [answer.status_code for answer in answers] == [201] * 12
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"A{n:03}" for n in range(1, 13)]


async def test_whoever_took_the_number_meanwhile_keeps_it(
    floor: Floor, other: asyncpg.Connection
) -> None:
    await floor.issue()
    await other.execute(SERIES, floor.code)
    issuing = asyncio.create_task(floor.ask_ticket())
    await until_it_waits(other, issuing)
    await other.execute("COMMIT")
    assert good(await issuing, 201)["number"] == "A003"


async def test_who_was_given_a_ticket_meanwhile_is_told_which(
    floor: Floor, other: asyncpg.Connection
) -> None:
    """As one for a person with two accounts: no unique index knows of that."""
    account = uuid4().hex
    mine = floor.sign("citizen", sub=account)
    first = await floor.issue()
    theirs = "UPDATE ticket SET citizen_key = $2 WHERE id = $1"
    await other.execute(SERIES, floor.code)
    issuing = asyncio.create_task(
        floor.ask_ticket(headers={**mine, "Idempotency-Key": uuid4().hex})
    )
    await until_it_waits(other, issuing)
    await other.execute(theirs, first["id"], f"sub:{account}")
    await other.execute("COMMIT")
    assert problem(await issuing, 409, "already-ticketed")["ticket_id"] == first["id"]
    assert (await floor.issue())["number"] == "A003"


async def test_who_walks_in_and_is_checked_in_at_the_same_moment_gets_one_ticket(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    """A series of numbers each: neither meets the other there, but the person's turn is one."""
    code = await booked(owner, floor)
    me = floor.sign("citizen", sub=code)
    await floor.issue()
    await other.execute("SELECT FROM number_series WHERE hall_code = $1 FOR UPDATE", floor.code)
    walking_in = asyncio.create_task(
        floor.ask_ticket(headers={**me, "Idempotency-Key": uuid4().hex})
    )
    await until_it_waits(other, walking_in)
    ticket = good(await check_in(floor, code))["ticket"]
    await other.execute("COMMIT")
    assert problem(await walking_in, 409, "already-ticketed")["ticket_id"] == ticket["id"]


async def test_who_is_sent_on_and_walks_in_for_it_at_the_same_moment_waits_once(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    ticket = good(await check_in(floor, code))["ticket"]
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.issue()
    await other.execute("SELECT FROM number_series WHERE hall_code = $1 FOR UPDATE", floor.code)
    me = {**floor.sign("citizen", sub=code), "Idempotency-Key": uuid4().hex}
    walking_in = asyncio.create_task(floor.ask_ticket(headers=me, items=floor.items[1:]))
    await until_it_waits(other, walking_in)
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    await other.execute("COMMIT")
    refused = problem(await walking_in, 409, "already-ticketed")
    assert refused["ticket_id"] == sent["next_ticket_id"]


async def test_one_key_gets_one_ticket_and_one_answer(floor: Floor) -> None:
    headers = {**floor.sign("device", floor.code), "Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(floor.ask_ticket(headers=headers) for _ in range(6)))
    later = await floor.ask_ticket(headers=headers)
    done = [one for one in (*answers, later) if one.status_code == 201]
    assert {one.json()["type"] for one in answers if one not in done} <= {"/problems/still-running"}
    assert len({one.content for one in done}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    behind = await floor.issue()
    assert (behind["number"], behind["ahead"]) == ("A002", 1)


async def test_two_who_check_one_in_at_once_give_one_ticket(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    answers = await asyncio.gather(*(check_in(floor, code) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 4
    kinds = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert kinds <= {"/problems/already-ticketed", "/problems/state-conflict"}
    assert await state_of(owner, code) == "checked_in"
    assert len(good(await floor.get("queue"))["items"]) == 1


async def test_one_key_checks_in_once(floor: Floor, owner: asyncpg.Connection) -> None:
    code, key = await booked(owner, floor), {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(check_in(floor, code, **key) for _ in range(5)))
    later = await check_in(floor, code, **key)
    done = [one for one in (*answers, later) if one.status_code == 200]
    assert {one.json()["type"] for one in answers if one not in done} <= {"/problems/still-running"}
    assert len({one.content for one in done}) == 1
    assert later.headers["idempotent-replayed"] == "true"


async def test_a_window_that_serves_meanwhile_gives_the_ticket(
    floor: Floor, other: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    serving = await owner.fetch("SELECT * FROM window_item WHERE hall_code = $1", floor.code)
    await owner.execute("DELETE FROM window_item WHERE hall_code = $1", floor.code)
    await other.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 13))", floor.code)
    coming = asyncio.create_task(check_in(floor, code))
    await until_it_waits(other, coming)
    for row in serving:
        names = ", ".join(row.keys())
        marks = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await other.execute(f"INSERT INTO window_item ({names}) VALUES ({marks})", *row.values())
    await other.execute("COMMIT")
    assert good(await coming)["ticket"]["number"] == "B001"
