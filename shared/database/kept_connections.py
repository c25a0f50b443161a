"""Connections of a pool that stay taken from one statement to the next.

To take one of asyncpg's pool and to give it back costs twice what a small statement does: a task,
two timers and a proxy each time. Here whoever is done hands the connection on to whoever waits
longest. What did not end well goes back to the pool, which waits for the end of what was cancelled
and opens another where one was lost.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

import asyncpg

IDLE_SECONDS = 240
"""What has been idle for so long is opened anew: something on the way may have forgotten it."""


class KeptConnections:
    """At most `most` connections of the pool; who finds none waits for so many seconds."""

    def __init__(self, pool: asyncpg.Pool, most: int, wait_seconds: float) -> None:
        self._pool, self._most, self._wait_seconds = pool, most, wait_seconds
        self._idle: list[tuple[Any, float]] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._taken = 0
        self._is_closing = False

    async def take(self) -> Any:
        """A connection of one's own, until it is given back. Raises TimeoutError."""
        while True:
            if self._idle:
                connection, since = self._idle.pop()
                if is_open(connection):
                    if time.monotonic() - since < IDLE_SECONDS:
                        return connection
                    connection.terminate()
                await self._let_go(connection)
            elif self._taken < self._most:
                return await self._acquire()
            elif (connection := await self._wait()) is not None:
                return connection

    async def give_back(self, connection: Any, *, is_well: bool) -> None:
        """`is_well`: its last statement came to its end."""
        if not is_well or self._is_closing:
            await self._let_go(connection)
        elif not self._hand_on(connection):
            self._idle.append((connection, time.monotonic()))

    async def close(self, seconds: float) -> None:
        """Waits so long for those that are at work, and then ends them."""
        self._is_closing = True
        try:
            async with asyncio.timeout(seconds):
                while self._idle:
                    await self._let_go(self._idle.pop()[0])
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _acquire(self) -> Any:
        self._taken += 1
        is_there = False
        try:
            connection = await self._pool.acquire(timeout=self._wait_seconds)
            is_there = True
            return connection
        finally:
            if not is_there:
                self._is_free()

    async def _let_go(self, connection: Any) -> None:
        try:
            await self._pool.release(connection)
        finally:
            self._is_free()

    def _is_free(self) -> None:
        """One may be acquired; whoever waits longest is the first to try."""
        self._taken -= 1
        self._hand_on(None)

    def _hand_on(self, connection: Any) -> bool:
        """Whether somebody waited; they get the connection, or are to look for one again."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(connection)
                return True
        return False

    async def _wait(self) -> Any:
        """What is handed on to us."""
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        self._waiting.append(place)
        timer = loop.call_later(self._wait_seconds, _too_late, place)
        is_ours = False
        try:
            connection = await place
            is_ours = True
            return connection
        finally:
            timer.cancel()
            if not is_ours and place.done() and not place.cancelled():
                # Cancelled just after it was handed on to us.
                with suppress(TimeoutError):
                    self._pass(place.result())

    def _pass(self, connection: Any) -> None:
        if not self._hand_on(connection) and connection is not None:
            self._idle.append((connection, time.monotonic()))


def is_open(connection: Any) -> bool:
    """Whether it is known of no end."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # it was lost, and its pool has taken it back
        return False


def _too_late(place: asyncio.Future[Any]) -> None:
    if not place.done():
        place.set_exception(TimeoutError())
