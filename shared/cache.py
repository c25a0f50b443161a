"""What a process remembers of what it asked: so many answers, for a while, each asked once."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Answers by key, believed for `seconds`; the least recently used of over `most` are forgotten.

    Those who ask for the same thing at the same time wait for one answer: when it goes stale
    under load, one question goes to the database and not sixty. None and failures are not kept.
    """

    def __init__(self, *, most: int, seconds: float = math.inf) -> None:
        self._kept: TTLCache[K, V] = TTLCache(most, seconds, timer=time.monotonic)
        self._asked: dict[K, asyncio.Future[V]] = {}

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """What is remembered, else what `ask` answers."""
        known = self.peek(key)
        if known is not None:
            return known
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.ensure_future(ask())
            answer.add_done_callback(lambda done: self._settle(key, done))
        # Whoever leaves first must not take the answer of the others along.
        return await asyncio.shield(answer)

    def peek(self, key: K) -> V | None:
        """What is remembered, without asking."""
        return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Remember this; a question on its way is older, and is not kept when its answer comes."""
        self._asked.pop(key, None)
        self._kept[key] = value

    def clear(self) -> None:
        """Forget everything; a question on its way is not kept when its answer comes."""
        self._kept.clear()
        self._asked.clear()

    def _settle(self, key: K, done: asyncio.Future[V]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if self._asked.get(key) is not done:
            return  # forgotten meanwhile: the answer is older than the clearing
        del self._asked[key]
        if not failed and done.result() is not None:
            self._kept[key] = done.result()
