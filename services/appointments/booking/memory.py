"""A process's memory of what it asked: for a while, of so many things, and asked once at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Answers by key, believed for `seconds`; the oldest of more than `most` are forgotten.

    Those who ask for the same thing at the same time wait for one answer: when it goes stale
    under load, one question goes to the database and not sixty. None and failures are not kept.
    """

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._kept: OrderedDict[K, tuple[float, asyncio.Future[V]]] = OrderedDict()

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """What is remembered, else what `ask` answers."""
        kept = self._kept.get(key)
        if kept is None or time.monotonic() >= kept[0]:
            answer = asyncio.ensure_future(ask())
            kept = self._kept[key] = (time.monotonic() + self._seconds, answer)
            answer.add_done_callback(lambda done: self._settle(key, done))
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        # Whoever leaves first must not take the answer of the others along.
        return kept[1].result() if kept[1].done() else await asyncio.shield(kept[1])

    def peek(self, key: K) -> V | None:
        """What is remembered, without asking."""
        kept = self._kept.get(key)
        if kept is None or not kept[1].done() or time.monotonic() >= kept[0]:
            return None
        return kept[1].result()

    def clear(self) -> None:
        self._kept.clear()

    def _settle(self, key: K, done: asyncio.Future[V]) -> None:
        empty = done.cancelled() or done.exception() is not None or done.result() is None
        kept = self._kept.get(key)
        if empty and kept is not None and kept[1] is done:
            del self._kept[key]
