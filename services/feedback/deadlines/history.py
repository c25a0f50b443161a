"""What was done to clocks, written: as they are now, and appended to their history."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries
from services.feedback.deadlines.clock_set import IS_LIVE, SYSTEM, ClockSet, Noted
from services.feedback.deadlines.models import Change, ClockState
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.messaging import outbox
from shared.workflow import refuse


class BreachedClock(NamedTuple):
    """A clock that is over, and its last day."""

    id: UUID
    due_on: date


async def save(session: AsyncSession, done: ClockSet, *, leaves_out: bool = False) -> None:
    """Write what was done to these clocks, each changed one as a new version.

    A subject has one live clock of a kind: a second one is refused, or left out if that is wanted.
    """
    await _save_changed(session, done)
    started = await queries.add_clocks(session, done.started)
    left_out = {clock.id for clock in done.started} - {clock.id for clock in started}
    if left_out and not leaves_out:
        refuse(ClockState.RUNNING, 1, IS_LIVE)
    done.started = list(started)
    await queries.note(session, [one for one in done.noted if one.deadline_id not in left_out])
    await outbox.record_many(
        session, [outbox.Addressed(e, e.department_code, str(e.subject_id)) for e in done.moved]
    )


async def _save_changed(session: AsyncSession, done: ClockSet) -> None:
    """In a transaction the clocks are locked. Their versions guard a decision, which is made anew
    where a sweep was faster.
    """
    if isinstance(session, DecidingSession):
        for clock, changes in done.changed:
            await versioned.swap(session, clock, changes, follows=True)
        return
    for clock, _ in done.changed:
        clock.version += 1
    await session.flush()


async def breached(session: AsyncSession, clocks: Sequence[BreachedClock], now: datetime) -> None:
    """Note that the sweep found these clocks over; it has written them out itself."""
    await queries.note(
        session,
        # Of a last day that is no guess: no other breaches anything.
        [Noted(one.id, Change.BREACHED, now, SYSTEM, one.due_on, False) for one in clocks],
    )
