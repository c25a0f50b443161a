"""An answer of an upstream on its way to us, for who waits for it or who is called."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

Headers = list[tuple[bytes, bytes]]

READ_AHEAD = 256 * 1024
"""Bytes of a body held for a slow client before the upstream is made to wait."""


class Response:
    """A response on its way: `status` and `headers` once `head()` returned, then its body.

    Who does not wait for it is called whenever more of it has come, or it has failed: `listener`.
    `resume` reads on where reading was paused.
    """

    def __init__(self, resume: Callable[[], None]) -> None:
        self.status = 0
        self.headers: Headers = []
        self.length: int | None = None
        self.complete = False
        self.listener: Callable[[], None] | None = None
        self._resume = resume
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
            self._resume()
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
            self._resume()
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
