"""Clocks follow the newest edition of the calendar: when touched, when shown, and by a job.

A notice may concern every running clock, so learning it only raises the edition. A clock carries
the edition that it was computed by; whoever changes it computes it anew first, whoever only looks
is shown what it will become, and the job takes the others in bounded batches. A batch that is lost
leaves its clocks at the edition before, so that the next one finds them again.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import history, queries, reading
from services.feedback.deadlines.clock_set import SYSTEM, ClockSet, show
from services.feedback.deadlines.models import Deadline
from services.feedback.deadlines.queries import Clocks
from shared.database.engine import Sessions

BATCH = 1000
"""Clocks recomputed in one transaction: each of its statements stays far below its timeout."""


async def recompute(sessions: Sessions, now: datetime) -> int:
    """Job: all clocks of earlier editions, batch by batch; returns how many."""
    total = 0
    while True:
        async with sessions() as session, session.begin():
            found = await queries.outdated(session, BATCH)
            await up_to_date(session, found, now)
        if not found:
            return total
        total += len(found)


async def up_to_date(session: AsyncSession, found: Clocks, now: datetime) -> list[Deadline]:
    """The clocks, locked before, by the newest edition; those that move are noted and published."""
    outdated = [one.clock for one in found if one.awaits_recomputing]
    if outdated:
        basis = await reading.basis(session, {clock.region for clock in outdated})
        clocks = ClockSet(outdated, basis, by=SYSTEM, now=now)
        clocks.follow()
        await history.save(session, clocks)
    return [one.clock for one in found]


async def as_shown(session: AsyncSession, found: Clocks) -> list[Deadline]:
    """The clocks as the newest edition has them; nothing is written."""
    outdated = [one.clock for one in found if one.awaits_recomputing]
    if outdated:
        show(outdated, await reading.basis(session, {clock.region for clock in outdated}))
    return [one.clock for one in found]
