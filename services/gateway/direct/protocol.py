"""The gateway's HTTP/1.1 server: a request is forwarded where its bytes arrive.

No task, no future and no message stands between the client's connection and the service's. All that
cannot be done in one go is handed to the application at the point where it stands: a request that
may not be sent at once, an answer that is large, late, broken or missing.
"""

import asyncio
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, cast
from urllib.parse import unquote

import structlog
from starlette.types import Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from services.gateway.direct.way import DIRECT, NEEDS_MORE, DirectWay
from services.gateway.entrance import CLIENT_CLOSED
from services.gateway.forwarding.exchange import UNDERWAY, Underway
from services.gateway.forwarding.validators import Answered
from services.gateway.problem_pages import wants_pages
from shared.errors import RequestTooSlow
from shared.web.http_protocol import BODY_PAUSE_SECONDS, GuardedHttp

log = structlog.get_logger()


METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE"))
SMALL_BYTES = 16 * 1024
"""A body of at most so many is waited for, and forwarded with its head in one piece."""


class DirectHttp(GuardedHttp):
    """Forwards a request of the API whose body is small by the way in the application's state.

    One at a time: what a client sends behind it is held back until it is answered.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._way: DirectWay | None = self.app_state.get(DIRECT)
        self._is_direct = False
        self._is_whole = False
        self._body = bytearray()
        self._keeps_alive = False
        self._begun: Underway | None = None
        self._due: asyncio.Handle | None = None
        self._held = bytearray()
        # What goes on in a task belongs to this connection, not to the one to the service, which
        # was made for somebody else, and on which the answer arrives.
        self._context = copy_context()

    # -- what the client does ----------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not self._is_whole and not self._held:
            super().data_received(data)
            return
        self._held += data
        if len(self._held) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_message_begin(self) -> None:
        if self._is_whole:  # another one came with it: the application takes them in turn
            self._hand_over()
        super().on_message_begin()

    def begin(self) -> None:
        if not self._may_be_direct():
            super().begin()
            return
        path, _, query = self.url.partition(b"?")
        text = path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["path"] = unquote(text) if "%" in text else text
        self.scope["raw_path"], self.scope["query_string"] = path, query
        self._is_direct, self._keeps_alive = True, self.parser.should_keep_alive()
        self._body.clear()

    def on_body(self, body: bytes) -> None:
        if not self._is_direct:
            super().on_body(body)
        elif not self._is_refused:
            self._deadline = self.loop.time() + BODY_PAUSE_SECONDS
            self._body += body

    def complete(self) -> None:
        if self._is_direct:
            self._is_whole = True
            # One turn later, when the end of a connection is read that its client has left.
            self._due = self.loop.call_soon(self._surely, self._start)
        else:
            super().complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if (begun := self._finish()) is not None:
            begun.connection.abort()
            self._end(begun, CLIENT_CLOSED, counts=False)
            self._log_left()
        self._held.clear()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._is_direct:
            self._keeps_alive = False
        else:
            super().shutdown()

    def _may_be_direct(self) -> bool:
        return (
            self._way is not None
            and self.url.startswith(b"/api/")
            and self.url.isascii()
            and self.parser.get_method() in METHODS
            and self.parser.get_http_version() == "1.1"
            and NEEDS_MORE.isdisjoint([name for name, _ in self.headers])
            and self._announces_little()
            and not wants_pages(self.headers)  # a browser is answered a problem in its own way
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused  # who does not read what was sent is waited for there
        )

    def _give_up(self) -> None:
        if self._is_direct:
            self._refuse(RequestTooSlow)
        else:
            super()._give_up()

    def _announces_little(self) -> bool:
        for name, value in self.headers:
            if name == b"content-length":
                reads = self.parser.get_method() in (b"GET", b"HEAD")
                return not reads and len(value) < 6 and int(value) <= SMALL_BYTES
        return True

    # -- what becomes of the request -----------------------------------------------------------

    def _start(self) -> None:
        if self.transport.is_closing():
            self._finish()
            self._log_left()
            return
        assert self._way is not None
        entered = time.perf_counter()
        body = bytes(self._body)
        self._begun = self._way.begin(cast(Scope, self.scope), body, entered, self._hear)
        if self._begun is None:
            self._hand_over()
        else:
            seconds = self._begun.operation.deadline_seconds
            self._due = self.loop.call_later(seconds, self._surely, self._hand_over)

    def _hear(self) -> None:
        self._surely(self._consider)

    def _consider(self) -> None:
        """More of the answer has come, or it has failed."""
        if self._begun is None or self._way is None:
            return
        answer = self._begun.answer
        if answer.failed or (answer.begun and not answer.is_small):
            self._hand_over()
        elif answer.complete:
            found = self._way.answer(self._begun, cast(Scope, self.scope))
            if found is None:
                self._hand_over()
            else:
                self._send(found)

    def _send(self, found: Answered) -> None:
        """Sends a whole answer, and reads on."""
        parts = [STATUS_LINE[found.status]]
        for name, value in (*self.server_state.default_headers, *found.headers):
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if self._keeps_alive else b"connection: close\r\n\r\n")
        if self.scope["method"] != "HEAD":
            parts.append(found.body)
        self.transport.write(b"".join(parts))
        begun = self._finish()
        assert begun is not None
        begun.upstream.breaker.succeeded()
        self._end(begun, found.status, counts=True)
        if not self._keeps_alive:
            self.transport.close()
        self.on_response_complete()
        self._read_on()

    def _hand_over(self) -> None:
        """Lets the application take it from here, in a task."""
        if (begun := self._finish()) is not None:
            self.scope["state"][UNDERWAY] = begun
        self._context.run(super().begin)
        self.cycle.body += self._body
        self.cycle.keep_alive = self._keeps_alive  # the parser has forgotten it
        self._context.run(super().complete)
        self._read_on()

    def _finish(self) -> Underway | None:
        """The request is not ours any more; what it was begun as, if it was."""
        begun, self._begun = self._begun, None
        self._is_direct = self._is_whole = False
        if begun is not None:
            begun.answer.listener = None
        if self._due is not None:
            self._due.cancel()
            self._due = None
        return begun

    def _end(self, begun: Underway, status: int, *, counts: bool) -> None:
        assert self._way is not None
        self._way.end(begun, status, counts=counts)

    def _read_on(self) -> None:
        if self._held:
            self.loop.call_soon(self._read_held)

    def _read_held(self) -> None:
        held, self._held = bytes(self._held), bytearray()
        if held and not self.transport.is_closing():
            self.data_received(held)

    def _surely(self, step: Callable[[], None]) -> None:
        """Does the step. Where it fails by a defect, nobody is left waiting for an answer."""
        done = False
        try:
            step()
            done = True
        finally:
            if not done:
                self.transport.abort()

    def _log_left(self) -> None:
        log.info("client_left", request_id=self.scope["state"].get("request_id"))
