"""One request to an upstream and its answer, under a deadline, watching for a client that goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.http1 import Connection, UpstreamGone
from services.gateway.upstreams.response import Response
from services.gateway.upstreams.upstream import Upstream
from shared.web.gate import Visit
from shared.web.patience import DEADLINE_HEADER

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

WATCH_AFTER_SECONDS = 0.05
"""Most answers are there sooner; only for the others is it worth watching the client."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Outgoing:
    """A request ready to be sent; `may_repeat` when sending it twice does no harm."""

    head: bytes
    body: bytes
    rest: AsyncIterator[bytes] | None
    may_repeat: bool

    def within(self, seconds: float) -> "Outgoing":
        """The same with what is left of its deadline, for the service to know."""
        line = b"%b: %.3f\r\n\r\n" % (DEADLINE_HEADER, seconds)
        return Outgoing(self.head[:-2] + line, self.body, self.rest, self.may_repeat)


UNDERWAY = "underway"
"""Where a request that was sent to its service already says so, in its state."""


@dataclass(frozen=True)
class Underway:
    """A request that was sent over a kept connection, and whose `answer` is on its way.

    `entered` is when it came, in seconds of `time.perf_counter`; the answer gets `extra`
    headers. `changed_by` is who changes something by it, with a token; None for a reading.
    """

    upstream: Upstream
    operation: Operation
    outgoing: Outgoing
    visit: Visit
    connection: Connection
    answer: Response
    extra: list[tuple[bytes, bytes]]
    entered: float
    changed_by: str | None


class Deadline:
    """How long the gateway waits: a deadline, cut short when the client leaves."""

    def __init__(self, receive: Receive) -> None:
        self.client_gone = False
        self._receive = receive
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._limit: asyncio.Timeout | None = None

    def watch(self) -> None:
        """Watches the client from now on, once the body of its request has been read."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(WATCH_AFTER_SECONDS, self._start)

    def rest(self) -> None:
        """Stops watching."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def limit(self, seconds: float) -> asyncio.Timeout:
        """`async with`: ends in TimeoutError after `seconds`, or as soon as the client leaves."""
        self._limit = asyncio.timeout(0 if self.client_gone else seconds)
        return self._limit

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_gone = True
        with contextlib.suppress(RuntimeError):  # the limit has ended meanwhile
            if self._limit is not None:
                self._limit.reschedule(asyncio.get_running_loop().time())


async def ask(
    upstream: Upstream, outgoing: Outgoing, begun: Underway | None = None
) -> tuple[Connection, Response]:
    """Sends the request, unless that was `begun` already, and waits for the head of the answer.

    A kept connection may have been closed by the other side just now: then the request is sent
    once more on a new one, if no byte of an answer came and repeating it does no harm.
    """
    connection = await upstream.connection() if begun is None else begun.connection
    try:
        return connection, await _ask(connection, outgoing, None if begun is None else begun.answer)
    except UpstreamGone as gone:
        if gone.answered or not outgoing.may_repeat or not connection.was_kept:
            raise
    connection = await upstream.connection(kept=False)
    return connection, await _ask(connection, outgoing)


async def _ask(
    connection: Connection, outgoing: Outgoing, answer: Response | None = None
) -> Response:
    """The answer, once its head has come; otherwise the connection is cut."""
    if answer is None:
        answer = connection.ask(outgoing.head + outgoing.body)
    answered = False
    try:
        if outgoing.rest is not None:
            await _send(connection, answer, outgoing.rest)
        await answer.head()
        answered = True
    finally:
        if not answered:
            connection.abort()
    return answer


async def _send(connection: Connection, answer: Response, rest: AsyncIterator[bytes]) -> None:
    connection.owes_body = True
    async for chunk in rest:
        await connection.send(chunk)
        if answer.begun:
            return  # answered before it was read: the rest interests nobody
    connection.owes_body = False
