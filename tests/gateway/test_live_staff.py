"""The staff of a hall hear of alarms and of advice as it happens; no screen shows them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import nats
import pytest
from nats.js import JetStreamContext

from deploy.local.nats import NatsServer
from services.gateway.live import rules
from tests.gateway.test_live import Screen, called, new_hall
from tests.provoking import provokes
from tests.support import Tokens

RAISED = "appointments.alarm.raised.v1"


@pytest.fixture(scope="module")
async def js(bus: NatsServer) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(bus.url("appointments"), inbox_prefix=b"_INBOX_appointments")
    yield connection.jetstream()
    await connection.close()


async def raised(js: JetStreamContext, hall: str, kind: str = RAISED) -> int:
    """An alarm as the appointments service publishes it; its position in the stream."""
    data = {
        "alarm_id": str(uuid4()),
        "hall_code": hall,
        "window_no": 3,
        "kind": "threat",
        "state": "raised",
        "version": 1,
        "level": 0,
        "at": "2026-11-23T01:30:00Z",
    }
    envelope = {"specversion": "1.0", "id": str(uuid4()), "type": kind, "data": data}
    return (await js.publish(f"{kind}.{hall}", json.dumps(envelope).encode())).seq


def of_staff(tokens: Tokens, hall: str, role: str = "hall_manager") -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens(role, hall)}"}


async def test_staff_hear_an_alarm_and_screens_do_not(
    client: httpx.AsyncClient, js: JetStreamContext, tokens: Tokens
) -> None:
    hall = new_hall()
    path = f"/api/v1/live/halls/{hall}"
    staff = client.stream("GET", f"{path}/staff", headers=of_staff(tokens, hall))
    async with staff as heard, client.stream("GET", path) as shown:
        manager, screen = Screen(heard.aiter_lines()), Screen(shown.aiter_lines())
        await manager.next("display")
        await screen.next("display")
        position = await raised(js, hall)
        at, event, told = await manager.next()
        assert (at, event, told["window_no"], told["kind"]) == (position, RAISED, 3, "threat")
        assert told["at"] == "2026-11-23T09:30:00+08:00"
        await called(js, hall, "A001")
        assert (await screen.next())[2]["number"] == "A001"
        assert (await manager.next())[2]["number"] == "A001"


async def test_an_alarm_that_was_raised_meanwhile_is_heard_on_coming_back(
    client: httpx.AsyncClient, js: JetStreamContext, tokens: Tokens
) -> None:
    hall = new_hall()
    path = f"/api/v1/live/halls/{hall}"
    async with client.stream("GET", path) as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next("display")
        seen = await called(js, hall, "A001")
        await screen.next("appointments.ticket.called.v1")
    position = await raised(js, hall)
    await asyncio.sleep(0.3)
    known = {"Last-Event-ID": str(seen)}
    async with client.stream("GET", path, headers=known) as answer:
        assert (await Screen(answer.aiter_lines()).next())[1] == "display"
    headers = {**of_staff(tokens, hall), **known}
    async with client.stream("GET", f"{path}/staff", headers=headers) as answer:
        at, event, _ = await Screen(answer.aiter_lines()).next()
        assert (at, event) == (position, RAISED)


@provokes("watch_hall_staff", "not-found")
async def test_it_is_for_the_staff_of_the_hall_alone(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    hall = new_hall()
    path = f"/api/v1/live/halls/{hall}/staff"
    assert (await client.get(path)).status_code == 401
    citizen = of_staff(tokens, hall, "citizen")
    assert (await client.get(path, headers=citizen)).status_code == 403
    elsewhere = of_staff(tokens, "H-OTHER")
    assert (await client.get(path, headers=elsewhere)).status_code == 404


async def test_a_stream_for_staff_lasts_no_longer_than_a_token(
    client: httpx.AsyncClient, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.live.answers.ACCESS_SECONDS", 0.3)
    hall = new_hall()
    path = f"/api/v1/live/halls/{hall}/staff"
    async with asyncio.timeout(5):
        async with client.stream("GET", path, headers=of_staff(tokens, hall)) as answer:
            assert "event: display" in [line async for line in answer.aiter_lines()]


@pytest.mark.parametrize(
    ("kind", "sees"),
    [
        ("appointments.alarm.escalated.v1", True),
        ("appointments.opening.advised.v1", True),
        ("appointments.window.changed.v1", False),
    ],
)
def test_what_is_for_staff_is_told_whole(kind: str, sees: bool) -> None:
    data: dict[str, Any] = {"hall_code": "H001", "window_no": 3, "alarm_id": "x", "level": 2}
    told = rules.shown({"type": kind, "data": data})
    assert ("level" in told) is sees
    assert rules.is_for_staff(kind) is sees
