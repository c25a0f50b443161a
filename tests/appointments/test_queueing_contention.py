"""Many windows at once: nobody is called twice, and the order of due times holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.appointments import queue_helpers as floors
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import SIGN, Floor, good
from tests.connections import Kept, connections
from tests.support import Connect, Databases, eventually

WINDOWS, PEOPLE = 60, 200


@pytest.fixture
async def running(databases: Databases, kept_connections: Kept) -> AsyncIterator[Connect]:
    """To the database of the service as it runs, jobs and all."""
    async with connections(kept_connections, databases.urls) as connect:
        yield connect


@pytest.fixture
async def crowd(appointments: httpx.AsyncClient, running: Connect, as_: SIGN) -> Floor:
    """A hall with 60 open windows and 200 people, on the service as it runs."""
    owner = await running("appointments")
    code, windows, items = await floors.build(owner, windows=WINDOWS, items=2)
    await owner.execute("INSERT INTO hall_floor VALUES ($1, 0, '{}')", code)
    await owner.execute(_OPEN, code)
    await owner.execute(_FILL, code, items, PEOPLE)
    return Floor(appointments, as_, code, windows, items)


_OPEN = """
INSERT INTO window_at_work (window_id, hall_code, window_no, state, clerk, since, version)
SELECT id, hall_code, no, 'open', 'clerk-1', now(), 1 FROM "window" WHERE hall_code = $1"""
_FILL = """
INSERT INTO ticket (id, hall_code, service_day, number, leg, visit_id, item_code, items,
    ticket_class, credit_minutes, policy_version, issued_at, ready_at, due_at, state, state_since,
    version, recalls, missing)
SELECT gen_random_uuid(), $1, current_date, 'A' || lpad(n::text, 3, '0'), 1, gen_random_uuid(),
    item, ARRAY[item], 'walk_in', 0, 0, at, at, at, 'waiting', at, 1, 0, '[]'
FROM generate_series(1, $3::int) n, LATERAL (
    SELECT ($2::text[])[1 + n % 2] AS item, now() - make_interval(secs => $3 - n) AS at) x"""


async def test_sixty_windows_at_once_never_call_one_ticket_twice(
    crowd: Floor, running: Connect
) -> None:
    called: list[str] = []

    async def work(place: int) -> None:
        while (answer := await _pressed(crowd, place)).status_code != 204:
            ticket = good(answer)
            called.append(ticket["id"])
            good(await _insisting(partial(crowd.do, ticket, "miss")))

    await asyncio.gather(*(work(place) for place in range(WINDOWS)))
    assert len(called) == len(set(called)) == PEOPLE
    owner = await running("appointments")
    log = await owner.fetch(
        "SELECT hall_seq, action, number FROM ticket_event WHERE hall_code = $1 ORDER BY hall_seq",
        crowd.code,
    )
    assert [entry["hall_seq"] for entry in log] == list(range(1, 2 * PEOPLE + 1))
    numbers = [entry["number"] for entry in log if entry["action"] == "call"]
    assert numbers == sorted(numbers)


async def _pressed(floor: Floor, place: int) -> httpx.Response:
    """The answer to one press of the button: asked again with the same key while it is 503."""
    headers = {**floor.clerk(), "Idempotency-Key": uuid4().hex}
    return await _insisting(partial(floor.window, "call-next", place, headers=headers))


async def _insisting(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    async def unless_busy() -> httpx.Response | None:
        return None if (answer := await ask()).status_code == 503 else answer

    return await eventually(unless_busy, 60)


async def test_one_window_asked_many_times_at_once_has_one_person(hall: Build) -> None:
    floor = await hall()
    await floor.open()
    for _ in range(20):
        await floor.issue()
    answers = await asyncio.gather(*(floor.window("call-next") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


async def test_two_clerks_who_act_on_one_ticket_at_once_take_one_edge(hall: Build) -> None:
    floor = await hall()
    await floor.open()
    await floor.issue()
    ticket = await floor.call()
    answers = await asyncio.gather(*(floor.do(ticket, "serve") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    states: list[Any] = [answer.json()["state"] for answer in answers]
    assert states == ["serving"] * 8


async def test_a_window_closed_while_it_calls_is_left_with_nobody_or_draining(
    hall: Build,
) -> None:
    for _ in range(10):
        floor = await hall()
        await floor.open()
        await floor.issue()
        called, closed = await asyncio.gather(floor.window("call-next"), floor.window("close"))
        assert closed.status_code == 200
        live = called.status_code == 200
        assert closed.json()["state"] == ("draining" if live else "closed")


async def test_clerks_who_do_anything_at_once_leave_one_line_of_events(
    hall: Build, sql: Connect
) -> None:
    """No deadlock, no gap, no ticket whose state is not the end of its own history."""
    floor = await hall(windows=6, items=2)
    await floor.open(*range(6))
    tickets = [await floor.issue(items=[floor.items[n % 2]]) for n in range(12)]
    await asyncio.gather(*(_anything(floor, tickets, Random(place), place) for place in range(6)))
    owner = await sql("appointments")
    log = await owner.fetch(
        "SELECT hall_seq, ticket_id, to_state FROM ticket_event WHERE hall_code = $1"
        " ORDER BY hall_seq",
        floor.code,
    )
    assert [entry["hall_seq"] for entry in log] == list(range(1, len(log) + 1))
    last = {entry["ticket_id"]: entry["to_state"] for entry in log}
    rows = await owner.fetch("SELECT id, state FROM ticket WHERE hall_code = $1", floor.code)
    assert {row["id"]: row["state"] for row in rows} == last


async def _anything(floor: Floor, tickets: list[dict[str, Any]], rng: Random, place: int) -> None:
    """One clerk: calls, serves, and tries every button on any ticket."""
    bodies: dict[str, dict[str, Any]] = {"finish": {"outcome": "done"}}
    bodies["transfer"] = {"items": [floor.items[1]]}
    buttons = ("serve", "serve", "finish", "park", "resume", "miss", "undo", "transfer", "abandon")
    for _ in range(30):
        if rng.random() < 0.4:
            answer = await floor.window(rng.choice(("call-next", "call-next", "open")), place)
        else:
            button = rng.choice(buttons)
            answer = await floor.do(rng.choice(tickets), button, **bodies.get(button, {}))
        assert answer.status_code in (200, 204, 409, 503), answer.text
