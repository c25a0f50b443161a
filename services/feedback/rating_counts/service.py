"""Counts of ratings for whoever shows them; keeps the sums of days, and proves them."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.rating_counts import queries
from shared.clock import today

log = structlog.get_logger()

BATCH = 1000

statistics = queries.statistics
cells = queries.cells


async def count(session: AsyncSession, now: datetime) -> int:
    """Count the days anew of which something changed; when these are done, one that was never
    counted. Returns BATCH if there may be more to count.
    """
    await queries.take_turn(session)
    marked = await queries.take_marked(session, BATCH)
    days = await queries.counted(session, set(marked)) if marked else []
    if days:
        await queries.tally(session, days)
    if len(marked) == BATCH:
        return BATCH
    day = await queries.uncounted_day(session, today(now))
    if day is None:
        return len(marked)
    await queries.tally(session, [day])
    await queries.note_counted(session, day)
    return BATCH


async def prove(session: AsyncSession, now: datetime) -> int:
    """Hold a day against its rows, each day in its turn; what differs is set right and logged.

    Returns how many sums were wrong.
    """
    await queries.take_turn(session)
    day = await queries.day_to_prove(session)
    if day is None:
        return 0
    wrong = await queries.tally(session, [day])
    await queries.note_proven(session, day, now)
    if not wrong or await queries.is_marked(session, day):  # what changed since is no fault
        return 0
    log.error("rating_tally_was_wrong", day=day.isoformat(), sums=wrong)
    return wrong
