"""Bookings that arrive while others are at the server go there together, in order of arrival.

There is no timer: a lone booking leaves at once, and under pressure the batch is whatever arrived
meanwhile. One statement at a time leaves each process, so one hot slot is never a queue of locks.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.appointments.booking import statement
from services.appointments.booking.rules import Draft
from shared.database.engine import DirectPool

MOST_AT_ONCE = 256
_TRIES = 3


class Outcome(NamedTuple):
    """What became of a wish: held, known, barred, capped or full."""

    outcome: str
    answer: str | None
    status: int | None = None
    request_hash: str | None = None


@dataclass(eq=False)
class Wish:
    """One request to book. `draft` makes its rows anew for each try, with a new public code."""

    draft: Callable[[], Draft]
    slots: Sequence[UUID]
    now: datetime
    cap: tuple[str, str, object]
    key: tuple[str, str] | None
    context: Context = field(default_factory=copy_context)
    outcome: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Gatherer:
    """The bookings of one process on their way to the server."""

    def __init__(self, direct: DirectPool) -> None:
        self._direct = direct
        self._waiting: deque[Wish] = deque()
        self._working: asyncio.Task[None] | None = None

    async def hold(self, wish: Wish) -> Outcome:
        """The outcome of the wish, once it is committed."""
        self._waiting.append(wish)
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="gathered-bookings")
        return await wish.outcome

    async def _work(self) -> None:
        try:
            while batch := self._next_batch():
                await self._settle(batch)
        finally:
            self._working = None

    def _next_batch(self) -> list[Wish]:
        """Who has waited longest; two wishes for one cap or key never go together."""
        batch: list[Wish] = []
        later: list[Wish] = []
        seen: set[object] = set()
        while self._waiting and len(batch) < MOST_AT_ONCE:
            wish = self._waiting.popleft()
            if wish.outcome.done():
                continue
            if wish.cap in seen or wish.key in seen:
                later.append(wish)
                continue
            seen.add(wish.cap)
            if wish.key is not None:
                seen.add(wish.key)
            batch.append(wish)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _settle(self, batch: list[Wish]) -> None:
        """Every wish of the batch gets its outcome; one bad row never takes the others along."""
        try:
            await self._ask(batch)
        except asyncpg.DataError as error:
            if len(batch) == 1:
                batch[0].fail(error)
                return
            for wish in batch:
                await self._settle([wish])
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            for wish in batch:
                wish.fail(error)

    async def _ask(self, batch: list[Wish]) -> None:
        for attempt in range(1, _TRIES + 1):
            # In the context of its own request, so that the event carries that request's trace.
            drafts = [wish.context.run(wish.draft) for wish in batch]
            try:
                rows = await statement.hold(
                    self._direct, drafts, [wish.slots for wish in batch], batch[0].now
                )
                break
            except asyncpg.UniqueViolationError:
                # Another process won the race for a cap or a key: look again.
                if attempt == _TRIES:
                    raise
        again = []
        for wish, draft, row in zip(batch, drafts, rows, strict=True):
            if row["outcome"] == "full" and row["room_left"]:
                # A wish before it asked for the same slot and got nothing: there is room yet.
                again.append(wish)
            elif row["outcome"] == "held":
                wish.settle(Outcome("held", draft.answer))
            else:
                wish.settle(
                    Outcome(row["outcome"], row["answer"], row["status"], row["request_hash"])
                )
        self._waiting.extendleft(reversed(again))
