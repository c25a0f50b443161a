"""Clients that are slow, endless or deaf cost little and are let go."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared import edge
from tests.gateway.listening import listening, said


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says ok, or never stops."""
    if scope["type"] != "http":
        return
    answer: Any = PlainTextResponse("ok")
    if scope["path"] == "/endless":
        answer = StreamingResponse(endless())
    await answer(scope, receive, send)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65_536
        await asyncio.sleep(0)


async def closed_after(address: str, *pieces: bytes, pause: float = 0.0) -> float:
    """Seconds until the server closes a connection on which these pieces were sent."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    began = asyncio.get_running_loop().time()
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return asyncio.get_running_loop().time() - began


async def test_closes_connections_that_send_no_whole_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "HEAD_SECONDS", 0.4)
    drip = [b"GET / HTTP/1.1\r\n", *(b"X: 1\r\n" for _ in range(12))]
    async with listening(app) as address:
        silent = closed_after(address)
        dripping = closed_after(address, *drip, pause=0.1)
        many = [closed_after(address, b"GET ") for _ in range(300)]
        seconds = await asyncio.gather(silent, dripping, *many)
        assert max(seconds) < 4
        assert b"200 OK" in await said(address, b"GET / HTTP/1.0\r\n\r\n")


async def test_a_slow_second_request_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "HEAD_SECONDS", 0.4)
    async with listening(app) as address:
        whole, part = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HT"
        assert await closed_after(address, whole, part) < 3


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: abcdefgh\r\n" * 8_000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"x" * 100_000,
    ],
    ids=["one", "many", "address", "endless", "endless-name"],
)
async def test_refuses_large_heads(head: bytes) -> None:
    async with listening(app) as address:
        answer = await said(address, head)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"200 OK" in await said(address, b"GET / HTTP/1.0\r\n\r\n")


async def test_lets_a_client_go_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "STALL_SECONDS", 0.4)
    async with listening(app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1.5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await read_all(reader)
        writer.transport.abort()


async def read_all(reader: asyncio.StreamReader) -> None:
    """Reads until the connection breaks; an orderly end would be an error too."""
    async with asyncio.timeout(5):
        while await reader.read(65_536):
            pass
    raise asyncio.IncompleteReadError(b"", None)
