"""What one caller can take of the door is bounded, and a refusal reaches whoever still sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.gateway.app import create_app
from services.gateway.limits.open_streams import OpenStreams
from shared.errors import TooMany
from tests import support
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import listening, said

BOTH_WAYS = True

MEGABYTE = 1_000_000


def request(path: str, body: bytes, *, chunked: bool) -> bytes:
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    return head.encode() + sent


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize("path", ["/api/v1/echo/x", "/api/v1/accounts"])
async def test_a_413_reaches_a_client_that_sends_on_and_ends_the_connection(
    door: Running, path: str, chunked: bool
) -> None:
    whole = await said(door.address, request(path, b"x" * 8 * MEGABYTE, chunked=chunked))
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close" in head.lower()
    assert json.loads(body)["type"] == "/problems/payload-too-large"


@asynccontextmanager
async def another(door: Running, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway like `door` with other settings."""
    changed = door.settings.model_copy(update=settings)
    async with (
        listening(create_app(changed)) as address,
        httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client,
    ):

        async def ready() -> bool:
            known = await client.get("/api/v1/echo/x")
            return (await client.get("/readyz")).status_code == known.status_code == 200

        await support.eventually(ready, seconds=15)
        yield client


async def test_one_address_cannot_take_every_live_stream(door: Running) -> None:
    path = "/api/v1/live/halls/H001"
    async with another(door, live_clients=80, live_clients_each=2) as client:
        async with client.stream("GET", path) as one, client.stream("GET", path) as other:
            assert (one.status_code, other.status_code) == (200, 200)
            refused = await client.get(path)
            assert (refused.status_code, refused.json()["type"]) == (
                429,
                "/problems/too-many-requests",
            )
            assert int(refused.headers["retry-after"]) > 0

        async def again() -> bool:
            async with client.stream("GET", path) as answer:
                return answer.status_code == 200

        await support.eventually(again)


async def test_places_are_counted_for_each_and_given_back() -> None:
    streams = OpenStreams(1)
    with streams.place("a"), streams.place("b"):
        with pytest.raises(TooMany), streams.place("a"):
            raise AssertionError("a second place")
        await asyncio.sleep(0)
    with streams.place("a"):
        pass


async def test_figures_are_for_the_networks_that_are_named_and_not_through_a_proxy(
    door: Running,
) -> None:
    assert (await door.client.get("/metrics")).status_code == 200
    for passed_on in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        answer = await door.client.get("/metrics", headers={passed_on: "127.0.0.1"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    async with another(door, metrics_from="203.0.113.0/24,2001:db8::/32") as client:
        assert (await client.get("/metrics")).status_code == 403
        assert (await client.get("/healthz")).status_code == 200


async def test_figures_behind_a_proxy_that_says_nothing_are_for_whoever_has_the_token(
    door: Running,
) -> None:
    async with another(door, metrics_token=SecretStr("a long and random word")) as client:
        for sent in ("", "Bearer", "Bearer another", "Basic a long and random word"):
            answer = await client.get("/metrics", headers={"Authorization": sent})
            assert answer.status_code == 403, sent
        right = {"Authorization": "Bearer a long and random word"}
        assert (await client.get("/metrics", headers=right)).status_code == 200
        passed_on = {**right, "X-Forwarded-For": "127.0.0.1"}
        assert (await client.get("/metrics", headers=passed_on)).status_code == 403


async def test_the_gateway_is_not_ready_before_every_services_documents_are_joined(
    door: Running,
) -> None:
    """Whoever read its document at once would otherwise have found a few operations of many."""
    upstreams = {**door.settings.upstreams, "feedback": "http://127.0.0.1:1"}
    settings = door.settings.model_copy(update={"upstreams": upstreams})
    async with (
        listening(create_app(settings)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):

        async def waits_for_one() -> bool:
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            return bool(answer.json()["documents"] == "waits for feedback")

        await support.eventually(waits_for_one)
        others = {**(await client.get("/readyz")).json(), "documents": "ok", "ready": True}
    others["services"] = {"appointments": "ok"}
    assert (await door.client.get("/readyz")).json() == others
