"""The runners of one collector: each walks what it can claim, until nobody finds anything more.

Who finds nothing puts what is due among what waits, and looks again while others walk: what falls
due meanwhile, or waits for a host on which another is, must not wait for the longest walk of all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

LOOK_AGAIN_SECONDS = 2.0


class Walking(Protocol):
    """A run that was claimed."""

    async def go(self) -> None: ...


@dataclass
class Shift:
    """`claim` gives the next walk, None where there is none now; `renew` puts what is due among
    what waits, and says how much that was."""

    claim: Callable[[], Awaitable[Walking | None]]
    renew: Callable[[], Awaitable[int]]
    look_again: float = LOOK_AGAIN_SECONDS
    _busy: int = 0
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, runners: int) -> int:
        """Walk with so many runners until nothing is left; returns how many were walked.

        Where one fails the others give back what they walk, and none of them is left.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._run()) for _ in range(runners)]
        return sum(task.result() for task in tasks)

    async def _run(self) -> int:
        walked = 0
        while not self._done.is_set():
            self._busy += 1
            while (walk := await self._next()) is not None:
                await walk.go()
                walked += 1
            self._busy -= 1
            if self._busy == 0:
                self._done.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), self.look_again)
        return walked

    async def _next(self) -> Walking | None:
        walk = await self.claim()
        if walk is None and await self.renew():
            walk = await self.claim()
        return walk
