"""Whoever watches over the house sees at `/metrics` what the door did and what lies unhandled."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import httpx
import nats
import pytest

from deploy import dead
from deploy.local.nats import NatsServer
from tests.support import eventually

BOTH_WAYS = True

WAITING = "dead_letters_waiting"


async def figure(client: httpx.AsyncClient, name: str) -> float:
    """The figure of that name and labels, 0 if it was never told."""
    lines = (await client.get("/metrics")).text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "route"),
    [
        ("GET", "/api/v1/nowhere", None, 404, "unmatched"),
        ("DELETE", "/api/v1/echo/x", None, 405, "unmatched"),
        ("GET", "/api/v1/echo/x", "forged.to.ken", 401, "/api/v1/echo/{name}"),
    ],
)
async def test_what_the_door_refuses_is_counted(
    client: httpx.AsyncClient, method: str, path: str, token: str | None, status: int, route: str
) -> None:
    name = f'http_requests_total{{method="{method}",route="{route}",status="{status}"}}'
    before = await figure(client, name)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    assert (await client.request(method, path, headers=headers)).status_code == status
    assert await figure(client, name) == before + 1


async def test_what_is_forwarded_is_counted_once(client: httpx.AsyncClient) -> None:
    name = 'http_requests_total{method="GET",route="/api/v1/echo/{name}",status="200"}'
    before = await figure(client, name)
    await client.get("/api/v1/echo/x")
    assert await figure(client, name) == before + 1


async def test_invented_methods_make_no_figures_of_their_own(client: httpx.AsyncClient) -> None:
    for path in ("/healthz/x", "/api/v1/nowhere", "/docs"):
        await client.request("PURGE", path)
    told = (await client.get("/metrics")).text
    assert "PURGE" not in told
    assert 'method="other"' in told


async def test_dead_letters_are_told_until_they_are_replayed(
    client: httpx.AsyncClient, bus: NatsServer
) -> None:
    before = await figure(client, WAITING)
    to_admin = await nats.connect(bus.admin_url)
    js = to_admin.jetstream()
    ack = await js.publish("dead.gateway.test.v1._", b"{}", headers={"Dead-Event-Id": uuid4().hex})
    await eventually(partial(_becomes, partial(figure, client, WAITING), before + 1))
    await dead.replay(js, ack.seq)
    await dead.replay(js, ack.seq)
    await eventually(partial(_becomes, partial(figure, client, WAITING), before))
    await to_admin.close()


async def _becomes(measure: Callable[[], Awaitable[float]], expected: float) -> bool:
    return await measure() == expected
