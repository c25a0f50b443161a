"""One HTTP/1.1 connection to an upstream: one request at a time, parsed by llhttp (httptools).

The parser runs in its strict mode, and what it would let pass but a door must not is refused here:
answers framed twice or not at all, bytes nobody asked for, an answer that ends early. A connection
on which anything of that kind was seen is cut, never used again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum
from typing import cast

import httptools

Headers = list[tuple[bytes, bytes]]

HEAD_LIMIT = 64 * 1024
"""Bytes of status line and headers an upstream may send."""
HIGHEST_STATUS = 599
READ_AHEAD = 256 * 1024
"""Bytes of a body held for a slow client before the upstream is made to wait."""
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


class Response:
    """A response on its way: `status` and `headers` once `head()` returned, then its body.

    Who does not wait for it is called whenever more of it has come, or it has failed: `listener`.
    """

    def __init__(self, connection: "Connection") -> None:
        self.status = 0
        self.headers: Headers = []
        self.length: int | None = None
        self.complete = False
        self.listener: Callable[[], None] | None = None
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._has_head = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Waits for status and headers. Raises UpstreamGone or BadAnswer."""
        while not self._has_head:
            await self._wait()
        if self._error is not None:
            raise self._error

    async def whole(self) -> bytes:
        """The whole body, for answers known to be small."""
        while not self.complete:
            self._connection.resume()
            await self._wait()
        return self.body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; raises if it ends early."""
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._held -= len(chunk)
                yield chunk
            if self.complete:
                return
            self._connection.resume()
            await self._wait()

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None:
            raise self._error

    def take_head(self, status: int, headers: Headers, length: int | None) -> None:
        self.status, self.headers, self.length, self._has_head = status, headers, length, True
        # A whole small body mostly follows in the same packet: then one waking is enough.
        if not self.is_small:
            self._wake()

    def take_body(self, chunk: bytes) -> bool:
        """Keeps the chunk; True when the reader is so far behind that reading should pause."""
        self._chunks.append(chunk)
        self._held += len(chunk)
        self._wake()
        return self._held > READ_AHEAD and not self.is_small

    def finish(self) -> None:
        self.complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    @property
    def begun(self) -> bool:
        return self._has_head

    @property
    def failed(self) -> bool:
        return self._error is not None

    @property
    def is_small(self) -> bool:
        """Whether its length is known and small enough to be held whole."""
        return self.length is not None and self.length <= READ_AHEAD

    @property
    def body(self) -> bytes:
        """The body of a complete answer of which nothing was taken yet."""
        return b"".join(self._chunks)

    def call(self) -> None:
        """Tells whoever listens that something has happened."""
        if self.listener is not None:
            self.listener()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


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
        self._answer = Response(self)
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
