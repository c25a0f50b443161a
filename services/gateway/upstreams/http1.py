"""One HTTP/1.1 connection to an upstream: one request at a time, parsed by llhttp (httptools).

The parser runs in its strict mode, and what it would let pass but a door must not is refused here:
answers framed twice or not at all, bytes nobody asked for, an answer that ends early. A connection
on which anything of that kind was seen is cut, never used again.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from typing import cast

import httptools

from services.gateway.upstreams.response import Headers, Response

HEAD_LIMIT = 64 * 1024
"""Bytes of status line and headers an upstream may send."""
HIGHEST_STATUS = 599
_WITHOUT_BODY = {204, 304}


class UpstreamGone(Exception):
    """The connection was lost; `answered` says whether any byte of an answer had come."""

    def __init__(self, *, answered: bool) -> None:
        super().__init__("the upstream closed the connection")
        self.answered = answered


class BadAnswer(Exception):
    """What came back is not one well-formed HTTP/1.1 answer."""


class ConnectionState(Enum):
    """Where a connection stands; only an idle one may be asked."""

    CONNECTING = "not made yet"
    IDLE = "nothing is asked, or all of it answered"
    WAITING = "asked, and no head of an answer has come"
    RECEIVING = "the body of the answer is coming"
    CLOSED = "cut, or about to be"


class Connection(asyncio.Protocol):
    """The protocol of one connection; `ask` sends a request head and gives the Response."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.was_kept = False
        self.owes_body = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: Response | None = None
        self._headers: Headers = []
        self._head_size = 0
        self._interim = False
        self._any_byte = False
        self._keeps = False
        self._paused = False
        self._writable = asyncio.Event()
        self._writable.set()

    # -- used by the pool and the forwarding -------------------------------------------------

    @property
    def state(self) -> ConnectionState:
        if self._transport is None:
            return ConnectionState.CONNECTING
        if self._transport.is_closing():
            return ConnectionState.CLOSED
        if self._answer is None or self._answer.complete:
            return ConnectionState.IDLE
        return ConnectionState.RECEIVING if self._answer.begun else ConnectionState.WAITING

    @property
    def is_open(self) -> bool:
        return self.state not in (ConnectionState.CONNECTING, ConnectionState.CLOSED)

    @property
    def is_reusable(self) -> bool:
        """Whether request and answer both came to their end and the upstream keeps it open."""
        return self.state is ConnectionState.IDLE and self._keeps and not self.owes_body

    def ask(self, head: bytes, listener: Callable[[], None] | None = None) -> Response:
        """Sends the head of a request; its body follows by `send`."""
        assert self._transport is not None
        self._answer = Response(self.resume)
        self._answer.listener = listener
        self._any_byte, self._keeps, self._head_size = False, False, 0
        self._transport.write(head)
        return self._answer

    async def send(self, chunk: bytes) -> None:
        """Sends a piece of the request's body, waiting while the upstream does not read."""
        if self._transport is None or self._transport.is_closing():
            raise UpstreamGone(answered=self._any_byte)
        self._transport.write(chunk)
        await self._writable.wait()

    def resume(self) -> None:
        """Reads on, if reading was paused."""
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Cuts the connection at once: the upstream sees that nobody waits any more."""
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def connection_lost(self, _: Exception | None) -> None:
        self._writable.set()
        if self._answer is not None:
            self._answer.fail(UpstreamGone(answered=self._any_byte))
            self._answer.call()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or answer.complete:
            self.abort()  # bytes nobody asked for: the two sides disagree where answers end
            return
        self._any_byte = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse("not an HTTP/1.1 answer")
        answer.call()  # not before all of it was read: what follows an answer spoils the connection

    # -- httptools callbacks -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._headers, self._interim = [], False
        if self._answer is None or self._answer.complete:
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._answer is None or not self._answer.begun:  # what follows a body is no header
            self._headers.append((name.lower(), value))
        self._head_size += len(name) + len(value)
        if self._head_size > HEAD_LIMIT:
            self._refuse("too many headers")

    def on_headers_complete(self) -> None:
        answer = self._answer
        if answer is None or answer.complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._interim = True
            return
        if status > HIGHEST_STATUS:
            self._refuse("a status that there is not")
            return
        length = framed_length(status, self._headers)
        if length == MISFRAMED:
            self._refuse("the length of the answer is not plain")
            return
        answer.take_head(status, self._headers, length if length >= 0 else None)

    def on_body(self, chunk: bytes) -> None:
        answer = self._answer
        if answer is not None and answer.begun and not answer.complete and answer.take_body(chunk):
            assert self._transport is not None
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._interim or self._answer is None:
            return
        if self._answer.begun and not self._answer.complete:
            self._keeps = self._parser.should_keep_alive()  # forgotten after this callback
            self._answer.finish()
            self.resume()  # what is held was paused for; the next answer is for somebody else

    def _refuse(self, reason: str) -> None:
        if self._answer is not None:
            self._answer.fail(BadAnswer(reason))
        self.abort()


CHUNKED = -1
MISFRAMED = -2


def framed_length(status: int, headers: Sequence[tuple[bytes, bytes]]) -> int:
    """The length of the body, CHUNKED, or MISFRAMED when the headers do not say it plainly.

    An answer without a length would end where the connection ends, and a cut could not be told
    from the end (RFC 9112 section 8); one with two lengths is how answers are smuggled.
    """
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if codings:
        return CHUNKED if not lengths and codings == [b"chunked"] else MISFRAMED
    if len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) < 16:
        if status in _WITHOUT_BODY and int(lengths[0]):
            return MISFRAMED if status == 204 else 0
        return int(lengths[0])
    return 0 if not lengths and status in _WITHOUT_BODY else MISFRAMED
