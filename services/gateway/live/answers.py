"""A stream of server-sent events as an answer: heartbeats, an end for those who do not read."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.live import rules
from services.gateway.live.feed import Feed
from services.gateway.live.halls import Viewer, chunk
from shared.security.identity import ACCESS_SECONDS
from shared.web.http_protocol import TRANSPORT

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
"""A client that takes nothing for so long is let go; it may come back and resume."""

HEARTBEAT = chunk(rules.HEARTBEAT)

HEADERS_ONLY = "headers_only"
"""Where the state of a request says that its stream is not wanted, only what HEAD asks for."""

log = structlog.get_logger()

_HEADERS: Iterable[tuple[bytes, bytes]] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Watched(NamedTuple):
    """The hall whose events are sent, behind which one; `is_staff`: with those for its staff, no
    longer than a token lasts, so that nobody watches on who works there no more."""

    code: str
    last_seen: int | None
    is_staff: bool = False


async def stream(feed: Feed, watched: Watched, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the hall's events until the client leaves, falls behind, or the gateway closes."""
    state, code = scope["state"], watched.code
    until = time.monotonic() + ACCESS_SECONDS if watched.is_staff else math.inf
    viewing = feed.view(code, watched.last_seen, state[TRANSPORT], is_staff=watched.is_staff)
    async with viewing as (viewer, first):
        await send({"type": "http.response.start", "status": 200, "headers": _headers(scope)})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        viewer.begin()
        watching = asyncio.create_task(_watch(receive, viewer))
        try:
            await _hold(viewer, lambda: feed.refresh(code), until)
            if viewer.dropped:
                await watching
            else:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": b""})
        finally:
            watching.cancel()


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [*_HEADERS, (b"x-request-id", scope["state"]["request_id"].encode())]


async def _hold(viewer: Viewer, quiet: Callable[[], None], until: float) -> None:
    """Until the stream ends; `quiet` is called whenever nothing was sent for a heartbeat's time."""
    while not viewer.ended.is_set() and (now := time.monotonic()) < until:
        left = viewer.sent_at + HEARTBEAT_SECONDS - now
        if left <= 0:
            viewer.offer(HEARTBEAT, now)
            quiet()
            left = HEARTBEAT_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(left, until - now)):
                await viewer.ended.wait()


async def _watch(receive: Receive, viewer: Viewer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.end()


class LiveAnswer(Response):
    """What the route returns: an answer that begins only when the hall is known."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, watched: Watched) -> None:
        super().__init__()
        self._feed, self._watched = feed, watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["state"].get(HEADERS_ONLY):
            await self._feed.ensure(self._watched.code)
            await send({"type": "http.response.start", "status": 200, "headers": _headers(scope)})
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            await stream(self._feed, self._watched, scope, receive, send)
        except TimeoutError:
            log.info("viewer_let_go", request_id=scope["state"]["request_id"])
