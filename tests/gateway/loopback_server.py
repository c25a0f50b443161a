"""Servers on real sockets of this machine, in the tests' own loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from services.gateway.direct.protocol import DirectHttp
from shared.web.http_protocol import GuardedHttp
from tests.prompt_server import PromptServer, serving

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


WAYS: Mapping[str, type[GuardedHttp]] = {"direct": DirectHttp, "tasks": GuardedHttp}
"""How the gateway's readings are forwarded: by callbacks, as in production, or each by a task."""


@asynccontextmanager
async def listening(app: Any, http: type[GuardedHttp] = DirectHttp) -> AsyncIterator[str]:
    """The address at which `app` answers, served as in production."""
    async with _serving(app, http) as (_, address):
        yield address


@asynccontextmanager
async def listening_both_ways(app: Any) -> AsyncIterator[Mapping[str, str]]:
    """The addresses at which one and the same `app` answers, by the names of `WAYS`."""
    async with _serving(app, DirectHttp) as (server, address):
        state = server.lifespan.state

        def by_tasks() -> asyncio.Protocol:
            return GuardedHttp(server.config, server.server_state, state)

        other = await asyncio.get_running_loop().create_server(by_tasks, "127.0.0.1", 0)
        try:
            port = other.sockets[0].getsockname()[1]
            yield {"direct": address, "tasks": f"http://127.0.0.1:{port}"}
        finally:
            other.close()


def _serving(
    app: Any, http: type[GuardedHttp]
) -> AbstractAsyncContextManager[tuple[PromptServer, str]]:
    return serving(
        app,
        log_level="error",
        ws="none",
        http=http,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )


@asynccontextmanager
async def raw_server(handle: Handler) -> AsyncIterator[str]:
    """A server that says what `handle` writes, well-formed or not."""
    open_writers: set[asyncio.StreamWriter] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in list(open_writers):
            writer.transport.abort()


def answering(*answers: bytes, close: bool = False) -> Handler:
    """Answers each request head with the next of `answers`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        if not close:
            await reader.read()

    return handle


async def said(address: str, request: bytes) -> bytes:
    """All that a server says to these bytes until it closes the connection."""
    async with _asked(address, request) as reader:
        return await reader.read()


async def first_said(address: str, request: bytes) -> bytes:
    """The head of what it answers, whenever it closes the connection."""
    async with _asked(address, request) as reader:
        return await reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def _asked(address: str, request: bytes) -> AsyncIterator[asyncio.StreamReader]:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(10):
            yield reader
    finally:
        writer.transport.abort()
