"""Requests reach the service that answers them, clean, and answers come back whole."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import first_said
from tests.support import eventually

BOTH_WAYS = True


async def test_passes_request_and_answer_on(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo/大厅?q=%E5%8D%97&q=2", content=b"{}")

    told = answer.json()
    assert answer.status_code == 200
    assert told["path"] == "/api/v1/echo/大厅"
    assert told["query"] == "q=%E5%8D%97&q=2"
    assert (told["method"], told["body_bytes"]) == ("POST", 2)


async def test_drops_what_a_client_claims_about_itself(client: httpx.AsyncClient) -> None:
    claims = {
        "X-User-Id": "admin",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "X-Real-IP": "10.0.0.1",
        "X_Forwarded_For": "10.0.0.1",
        "Connection": "keep-alive, X-Secret",
        "X-Secret": "1",
        "TE": "trailers",
    }
    told = (await client.get("/api/v1/echo/x", headers=claims)).json()
    arrived = {name for name, _ in told["headers"]}
    assert not arrived & {name.lower() for name in claims}


async def test_gives_each_request_one_id_on_both_sides(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/echo/x", headers={"X-Request-ID": "abc-12345678"})
    arrived = dict(answer.json()["headers"])
    assert answer.headers.get_list("x-request-id") == ["abc-12345678"]
    assert arrived["x-request-id"] == "abc-12345678"
    assert arrived["traceparent"].startswith("00-")


async def test_passes_a_trace_on_and_begins_one_for_nonsense(client: httpx.AsyncClient) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for sent, kept in ((given, True), ("00-zz", False), ("00-" + "0" * 32 + given[35:], False)):
        told = (await client.get("/api/v1/echo/x", headers={"traceparent": sent})).json()
        assert (dict(told["headers"])["traceparent"] == sent) is kept


async def test_answers_404_for_what_no_service_documents(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/nothing", "/api/v1/echo", "/api/v1/echo/a/b", "/api/v1/echo/a/"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/not-found"


async def test_names_the_methods_a_path_has(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/echo/x")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, PUT"


async def test_answers_head_as_get_without_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/api/v1/echo/x")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_tells_of_a_frozen_service_within_two_seconds(client: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await client.get("/api/v1/slow?seconds=9", headers={"Accept-Language": "en"})
    assert loop.time() - began < 2
    assert answer.status_code == 504
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["title"] == "The service behind did not answer in time"
    assert answer.json()["detail"] == "Please read it again in a moment"


async def test_waits_as_long_as_the_operation_says(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/patient")).json()["status"] == "done"


async def test_leaves_the_service_when_the_client_leaves(door: Running) -> None:
    before = door.calls.left
    entered = door.calls.entered
    host, _, port = door.address.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/v1/slow?seconds=1.5 HTTP/1.1\r\nHost: x\r\n\r\n")

    async def arrived() -> bool:
        return door.calls.entered > entered

    async def left() -> bool:
        return door.calls.left > before

    await eventually(arrived)
    writer.transport.abort()
    await eventually(left, seconds=1)


async def test_streams_large_answers(client: httpx.AsyncClient) -> None:
    size = 0
    async with client.stream("GET", "/api/v1/large?megabytes=20") as answer:
        async for piece in answer.aiter_bytes():
            size += len(piece)
    assert size == 20 * 2**20


async def test_streams_large_requests_up_to_the_limit(client: httpx.AsyncClient) -> None:
    whole = await client.post("/api/v1/echo/x", content=b"x" * 999_000)
    assert whole.json()["body_bytes"] == 999_000

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 100_000

    chunked = await client.post("/api/v1/echo/x", content=pieces())
    assert chunked.json()["body_bytes"] == 900_000


async def test_refuses_bodies_above_the_limit(client: httpx.AsyncClient, door: Running) -> None:
    announced = await first_said(
        door.address,
        b"POST /api/v1/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n"
        b"Connection: close\r\n\r\n",
    )
    assert announced.startswith(b"HTTP/1.1 413 ")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    chunked = await client.post("/api/v1/echo/x", content=pieces())
    assert chunked.status_code == 413
    assert chunked.json()["limit_bytes"] == 1_000_000


async def test_verifies_tokens_at_the_door(client: httpx.AsyncClient, as_: Headers) -> None:
    good = await client.get("/api/v1/mine", headers=as_("citizen", sub="c-1"))
    assert good.json() == {"sub": "c-1"}
    assert (await client.get("/api/v1/mine")).status_code == 401
    bad = await client.get("/api/v1/mine", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401
    assert bad.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
