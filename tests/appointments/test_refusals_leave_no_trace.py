"""A request that is refused changes no later answer, whatever it was and whoever asked.

What a process remembers may only be what it could read anew: after each refusal it answers as one
does that remembers nothing.
"""

import gc
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from services.appointments.estimates.service import CROWD
from shared.web import dependencies
from tests import support
from tests.appointments import queue_helpers
from tests.appointments.queue_helpers import Clock, Floor, good, problem
from tests.appointments.test_queueing_booking import booked
from tests.security.operations import NOBODY, Operation, operations
from tests.support import Tokens

READS = ("display", "queue", "windows-at-work", "statistics", "windows", "devices", "queue-policy")
BODIES: tuple[Any, ...] = (
    None,
    {},
    {"version": 999},
    {"outcome": "done"},
    {"outcome": "rejected", "version": 999},
    {"items": ["no-such-item"]},
    {"window": NOBODY},
    {"slot_ids": [NOBODY]},
    {"nobody": "knows"},
)


def own() -> list[Operation]:
    """The operations of the service, once the tests run."""
    return [one for one in operations() if one.service == "appointments"]


def unsafe() -> list[Operation]:
    return [one for one in own() if one.method != "GET"]


class Remembering:
    """Shows what the application's process remembers."""

    def __init__(self, app: ASGIApp, shown: list[dict[type, Any]]) -> None:
        self._app, self._shown = app, shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "direct" in scope.get("state", {}) and not self._shown:
            self._shown.append(scope["state"]["direct"].memory)
        await self._app(scope, receive, send)


class Crowd:
    """A crowded hall, somebody who is too early for an appointment there, and the memory."""

    def __init__(self, floor: Floor, early: str, memory: dict[type, Any]) -> None:
        self.floor, self.early, self.memory = floor, early, memory
        self.tickets: list[str] = []

    async def answers(self) -> list[tuple[int, Any]]:
        """What the hall's pages say now."""
        floor = self.floor
        asked = [await floor.get(path) for path in READS]
        for ticket in self.tickets[-3:]:
            path = f"/api/v1/tickets/{ticket}"
            asked.append(await floor.client.get(path, headers=floor.clerk()))
        asked.append(await floor.client.get(f"/api/v1/halls/{floor.code}"))
        return [(answer.status_code, answer.json()) for answer in asked]

    def rows(self) -> list[SQLModel]:
        """Rows of tables that are reached from the memory."""
        return [held for held in _reached(self.memory) if isinstance(held, SQLModel)]


def _reached(root: object) -> Iterator[object]:
    """Everything that `root` holds, without classes, functions and modules."""
    seen, left = {id(root)}, [root]
    while left:
        held = left.pop()
        yield held
        for inner in gc.get_referents(held):
            if id(inner) not in seen and not isinstance(inner, type | type(gc) | type(_reached)):
                seen.add(id(inner))
                left.append(inner)


@pytest.fixture(scope="module")
async def crowd(
    timeless: Urls, bus: NatsServer, tokens: Tokens, as_: queue_helpers.SIGN
) -> AsyncIterator[Crowd]:
    url, clock, memory = timeless.service, Clock(), list[dict[type, Any]]()
    clock.never_late()
    app = create_app(support.settings_for("appointments", url, bus, tokens, background=False))
    app.dependency_overrides[dependencies.present] = clock
    app.add_middleware(Remembering, shown=memory)
    owner: asyncpg.Connection = await support.connect(timeless.owner)
    async with support.serve(app) as client:
        code, windows, items = await queue_helpers.build(owner, windows=2, items=2)
        floor = Floor(client, as_, code, windows, items, clock)
        await floor.open()
        made = Crowd(floor, await booked(owner, floor, in_minutes=180), memory[0])
        for number in range(CROWD + 2):
            clock.pass_(seconds=5)
            made.tickets.append((await floor.issue(items=[items[number % 2]]))["id"])
        yield made
    await owner.close()


async def test_one_early_visitor_does_not_stop_a_crowded_hall(crowd: Crowd) -> None:
    floor = crowd.floor
    good(await floor.get("display"))
    crowd.tickets.append((await floor.issue())["id"])
    floor.clock.pass_(seconds=2)
    problem(await floor.ask_ticket(appointment_code=crowd.early), 409, "too-early")
    for _ in range(3):
        crowd.tickets.append((await floor.issue())["id"])
        good(await floor.get("display"))
    assert crowd.rows() == []


async def test_no_refused_operation_changes_what_is_answered_later(crowd: Crowd) -> None:
    """Each of the service's operations, refused once by somebody who may call it."""
    begun = await _begin(crowd, seconds=2)
    refused = set()
    for operation in own():
        answer = await _send(crowd, operation, NOBODY, {"nobody": "knows"}, 0)
        if answer.status_code >= 400:
            refused.add((operation.method, operation.path))
    await _answers_as_one_that_was_not_asked(crowd, begun)
    assert refused >= {(one.method, one.path) for one in unsafe()}


@given(
    seconds=st.integers(0, 40),
    asked=st.lists(
        st.tuples(
            st.deferred(lambda: st.sampled_from(unsafe())),
            st.integers(0, 70),
            st.sampled_from(BODIES),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(
    max_examples=15,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
async def test_whatever_is_refused_in_whatever_order_changes_no_later_answer(
    crowd: Crowd, seconds: int, asked: list[tuple[Operation, int, Any, int]]
) -> None:
    """What is accepted may change every answer; it leaves no row behind either."""
    floor = crowd.floor
    begun, accepted = await _begin(crowd, seconds), False
    known = [*crowd.tickets, crowd.early, *map(str, floor.windows), floor.code, NOBODY]
    for operation, place, body, role in asked:
        answer = await _send(crowd, operation, known[place % len(known)], body, role)
        assert answer.status_code < 500, f"{operation}: {answer.text}"
        accepted |= answer.status_code < 400
    problem(await floor.ask_ticket(appointment_code=crowd.early), 409, "too-early")
    if accepted:
        assert crowd.rows() == []
    else:
        await _answers_as_one_that_was_not_asked(crowd, begun)


async def _begin(crowd: Crowd, seconds: int) -> datetime:
    """The process has shown the hall once, so many seconds ago; when that was."""
    crowd.memory.clear()
    begun = crowd.floor.clock.at
    good(await crowd.floor.get("display"))
    crowd.floor.clock.pass_(seconds=seconds)
    return begun


async def _answers_as_one_that_was_not_asked(crowd: Crowd, begun: datetime) -> None:
    clock, after = crowd.floor.clock, await crowd.answers()
    assert crowd.rows() == []
    seconds = (clock.at - begun).total_seconds()
    clock.at = begun
    await _begin(crowd, int(seconds))
    assert after == await crowd.answers()


async def _send(
    crowd: Crowd, operation: Operation, key: str, body: Any, role: int
) -> httpx.Response:
    """The operation asked of the hall, or of the thing with the key, by one of its roles."""
    floor, roles = crowd.floor, sorted(operation.roles)
    signed = floor.sign(roles[role % len(roles)], floor.code) if roles else {}
    path = operation.path.replace("{hall}", floor.code if key != NOBODY else NOBODY)
    for name in ("{ticket_id}", "{window_id}", "{appointment}", "{item}"):
        path = path.replace(name, key)
    headers = {**signed, "Idempotency-Key": uuid4().hex}
    return await floor.client.request(operation.method, path, json=body, headers=headers)
