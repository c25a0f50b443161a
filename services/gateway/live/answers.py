"""A stream of server-sent events as an answer: heartbeats, an end for those who do not read."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.live import rules
from services.gateway.live.feed import Feed
from services.gateway.live.halls import Viewer

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
"""A client that takes nothing for so long is let go; it may come back and resume."""

log = structlog.get_logger()

_HEADERS: Iterable[tuple[bytes, bytes]] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


async def stream(
    feed: Feed, code: str, last_seen: int | None, receive: Receive, send: Send, request_id: str
) -> None:
    """Sends the hall's events until the client leaves, falls behind, or the gateway closes."""
    async with feed.view(code, last_seen) as (viewer, first):
        headers = [*_HEADERS, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        watching = asyncio.create_task(_watch(receive, viewer))
        try:
            await _pump(viewer, send, lambda: feed.refresh(code))
        finally:
            watching.cancel()


async def _pump(viewer: Viewer, send: Send, quiet: Callable[[], None]) -> None:
    """Sends what comes; `quiet` is called whenever nothing has come for a heartbeat's time."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                frame = await viewer.queue.get()
        except TimeoutError:
            frame = rules.HEARTBEAT
            quiet()
        async with asyncio.timeout(SEND_SECONDS):
            if frame is None:
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _watch(receive: Receive, viewer: Viewer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.end()


class LiveAnswer(Response):
    """What the route returns: an answer that begins only when the hall is known."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, code: str, last_seen: int | None) -> None:
        super().__init__()
        self._feed, self._code, self._last_seen = feed, code, last_seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["state"]["request_id"]
        try:
            await stream(self._feed, self._code, self._last_seen, receive, send, request_id)
        except TimeoutError:
            log.info("viewer_let_go", request_id=request_id)
