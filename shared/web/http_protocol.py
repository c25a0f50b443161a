"""uvicorn's HTTP/1.1 server, with limits of our own.

uvicorn's fast parser takes request heads of any size, and waits for a slow client for ever.
"""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.errors import (
    AddressTooLong,
    HeadersTooLarge,
    MalformedRequest,
    Problem,
    RequestTooSlow,
)
from shared.ids import new_id
from shared.web.patience import LEFT

HEAD_BYTES = 32 * 1024
HEADER_COUNT = 100
URL_BYTES = 8 * 1024
HEAD_SECONDS = 10.0
BODY_PAUSE_SECONDS = 15.0
BODY_SECONDS = 120.0
READ_PAUSE_SECONDS = 15.0
CHECK_SECONDS = 2.5
JOINED_BYTES = 64 * 1024
"""A body of more than that is not copied behind its head."""
TRANSPORT = "transport"
"""Where a request's state holds the client's connection: for streams whose pieces are written to
many at once. Nobody else writes to it."""

log = structlog.get_logger()


class JoinedWrites:
    """A client's connection for one answer: the head goes out together with what follows at once.

    Each write is a call of the system and wakes the client, which costs more than most of what an
    answer is made of. A head that nothing follows goes out in the next turn of the event loop.
    """

    __slots__ = ("_head", "_later", "_transport")

    def __init__(
        self, transport: asyncio.Transport, later: Callable[[Callable[[], None]], object]
    ) -> None:
        self._transport, self._later = transport, later
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        if self._head is None:
            self._head = data
            self._later(self.flush)
            return
        if self._head and len(data) <= JOINED_BYTES:
            data = self._head + data
        elif self._head:
            self._transport.write(self._head)
        self._head = b""
        self._transport.write(data)

    def flush(self) -> None:
        """Sends a head that still waits."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()


class GuardedHttp(HttpToolsProtocol):
    """Refuses heads that are too big, and closes on clients that send or read too slowly.

    Deadlines are plain numbers that one timer a connection looks at now and then: setting one
    costs a request next to nothing.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_refused = False
        self._in_head = False
        self._head_bytes = 0
        self._deadline = math.inf
        self._body_deadline = math.inf
        self._reading_deadline = math.inf
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.time() + HEAD_SECONDS
        self._watch = self.loop.call_later(CHECK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
        elif self._head_bytes > HEAD_BYTES:
            # The head has not ended: even bytes that the parser still holds back count.
            self._refuse(HeadersTooLarge)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._deadline = self.loop.time() + HEAD_SECONDS
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._is_refused:
            return
        if len(self.url) > URL_BYTES:
            self._refuse(AddressTooLong)
        elif len(self.headers) > HEADER_COUNT or self._has_big_headers():
            self._refuse(HeadersTooLarge)
        else:
            now = self.loop.time()
            self._deadline, self._body_deadline = now + BODY_PAUSE_SECONDS, now + BODY_SECONDS
            self.scope["state"][LEFT] = self.transport.is_closing
            self.scope["state"][TRANSPORT] = self.transport
            self.begin()

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            self._deadline = self.loop.time() + BODY_PAUSE_SECONDS
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._deadline = self._body_deadline = math.inf
        if not self._is_refused:
            self.complete()

    def begin(self) -> None:
        """Hands the request whose head has come to the application."""
        super().on_headers_complete()
        if self.cycle is not None and not self.cycle.response_started:
            writes = JoinedWrites(self.transport, self.loop.call_soon)
            self.cycle.transport = writes  # type: ignore[assignment]  # it only writes and closes

    def complete(self) -> None:
        """Tells the application that all of the request has come."""
        super().on_message_complete()

    def pause_writing(self) -> None:
        self._reading_deadline = self.loop.time() + READ_PAUSE_SECONDS
        super().pause_writing()

    def resume_writing(self) -> None:
        self._reading_deadline = math.inf
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn answers to what is no HTTP, in the form of every other error."""
        self._refuse(MalformedRequest)

    def _has_big_headers(self) -> bool:
        if self._head_bytes <= HEAD_BYTES:
            return False  # not even with what came behind them
        return sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES

    def _look(self) -> None:
        """Whether a deadline has passed; looks again later if not."""
        now = self.loop.time()
        if now > self._reading_deadline:
            self.transport.abort()
        elif now > min(self._deadline, self._body_deadline):
            self._give_up()
        else:
            self._watch = self.loop.call_later(CHECK_SECONDS, self._look)

    def _give_up(self) -> None:
        """Ends a request that does not come; a connection that was never used is just closed."""
        is_answered = self.cycle is not None and self.cycle.response_started
        if is_answered or self.headers is None:
            self.transport.close()
        else:
            self._refuse(RequestTooSlow)

    def _refuse(self, kind: type[Problem]) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        request_id = str(new_id())
        problem = {
            "type": kind.type,
            "title": f"{kind.title.zh} | {kind.title.en}",
            "status": kind.status.value,
            "request_id": request_id,
        }
        log.info("request_refused", problem=kind.type, request_id=request_id)
        body = json.dumps(problem, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {kind.status.value} {kind.status.phrase}\r\n"
            "content-type: application/problem+json\r\n"
            "x-content-type-options: nosniff\r\n"
            f"x-request-id: {request_id}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
