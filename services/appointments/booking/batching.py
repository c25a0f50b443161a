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
from services.appointments.booking.rules import BookingOutcome, Draft
from shared.database.engine import DirectPool
from shared.database.faults import is_outage

MOST_AT_ONCE = 256
_TRIES = 3


class BookingResult(NamedTuple):
    """What became of a request, and the answer: its own, or the one its key got before."""

    outcome: BookingOutcome
    answer: str | None
    request_hash: str | None = None


@dataclass(eq=False)
class BookingRequest:
    """One request to book. `draft` makes its rows anew for each try, with a new public code."""

    draft: Callable[[], Draft]
    slots: Sequence[UUID]
    now: datetime
    person: str
    key: tuple[str, str] | None
    context: Context = field(default_factory=copy_context)
    outcome: asyncio.Future[BookingResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, outcome: BookingResult) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Batcher:
    """The bookings of one process on their way to the server."""

    def __init__(self, direct: DirectPool) -> None:
        self._direct = direct
        self._waiting: deque[BookingRequest] = deque()
        self._working: asyncio.Task[None] | None = None

    async def hold(self, request: BookingRequest) -> BookingResult:
        """The outcome of the request, once it is committed."""
        self._waiting.append(request)
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="booking-batches")
        return await request.outcome

    async def _work(self) -> None:
        try:
            while batch := self._next_batch():
                await self._settle(batch)
        finally:
            self._working = None

    def _next_batch(self) -> list[BookingRequest]:
        """Who has waited longest; two requests of one person or key never go together."""
        batch: list[BookingRequest] = []
        later: list[BookingRequest] = []
        seen: set[object] = set()
        while self._waiting and len(batch) < MOST_AT_ONCE:
            request = self._waiting.popleft()
            if request.outcome.done():
                continue
            if request.person in seen or request.key in seen:
                later.append(request)
                continue
            seen.add(request.person)
            if request.key is not None:
                seen.add(request.key)
            batch.append(request)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _settle(self, batch: list[BookingRequest]) -> None:
        """Every request of the batch gets its outcome; one bad row never takes the others along.

        Whatever it fails by: who has none waits for ever.
        """
        [error] = await asyncio.gather(self._ask(batch), return_exceptions=True)
        if error is not None and len(batch) > 1 and not is_outage(error):
            for request in batch:
                await self._settle([request])
        elif error is not None:
            for request in batch:
                request.fail(error)

    async def _ask(self, batch: list[BookingRequest]) -> None:
        for attempt in range(1, _TRIES + 1):
            # In the context of its own request, so that the event carries that request's trace.
            drafts = [request.context.run(request.draft) for request in batch]
            try:
                rows = await statement.hold(
                    self._direct, drafts, [request.slots for request in batch], batch[0].now
                )
                break
            except (asyncpg.UniqueViolationError, asyncpg.NotNullViolationError):
                # Another process won the race for a person or a key: look again.
                if attempt == _TRIES:
                    raise
        again = []
        for request, draft, row in zip(batch, drafts, rows, strict=True):
            if row.outcome is BookingOutcome.AGAIN or (
                row.outcome is BookingOutcome.FULL and row.room_left
            ):
                # The same person asked before it; or somebody did and got nothing: there is room.
                again.append(request)
            elif row.outcome is BookingOutcome.HELD:
                request.settle(BookingResult(row.outcome, draft.answer))
            else:
                request.settle(BookingResult(row.outcome, row.answer, row.request_hash))
        self._waiting.extendleft(reversed(again))
