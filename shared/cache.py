"""What a process remembers of what it asked: so many answers, for a while, each asked once."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key until their moment of `clock`; of over `most` the least recently used goes.

    Asked several times in each request, it costs no more than a look into a dictionary.
    """

    def __init__(self, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._most, self._clock = most, clock

    def get(self, key: K) -> V | None:
        found = self._values.get(key)
        if found is None:
            return None
        until, value = found
        if until <= self._clock():
            del self._values[key]
            return None
        self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V, *, until: float) -> None:
        self._values[key] = (until, value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def clear(self) -> None:
        self._values.clear()


class Cache(Generic[K, V]):
    """Answers by key, believed for `seconds`; the least recently used of over `most` are forgotten.

    Those who ask for the same thing at the same time wait for one answer: when it goes stale
    under load, one question goes to the database and not sixty. None and failures are not kept.
    """

    def __init__(self, *, most: int, seconds: float = math.inf) -> None:
        self._kept: Kept[K, V] = Kept(most=most)
        self._seconds = seconds
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
        self._kept.put(key, value, until=time.monotonic() + self._seconds)

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
            self.put(key, done.result())
