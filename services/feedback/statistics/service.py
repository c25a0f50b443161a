"""Keeps the sums of letters a day, and proves them."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.statistics import queries
from shared.clock import today

log = structlog.get_logger()

BATCH = 500


async def count(session: AsyncSession, now: datetime) -> int:
    """Count the letters anew that something happened to; when these are done, a day that was never
    counted. Returns BATCH if there may be more to count.
    """
    await queries.take_turn(session)
    marked = await queries.take_marked(session, BATCH)
    if marked:
        days = await queries.count_again(session, marked)
        if days:
            await queries.tally(session, days)
    if len(marked) == BATCH:
        return BATCH
    day = await queries.uncounted_day(session, today(now))
    if day is None:
        return len(marked)
    await queries.count_day(session, day)
    await queries.tally(session, [day])
    return BATCH


async def prove(session: AsyncSession, now: datetime) -> int:
    """Hold a day against its letters, each day in its turn; what differs is set right and logged.

    Returns how many letters and sums were wrong.
    """
    await queries.take_turn(session)
    day = await queries.day_to_prove(session)
    if day is None:
        return 0
    letters = await queries.prove_day(session, day, now)
    sums = await queries.tally(session, [day])
    if letters or sums:
        log.error("letter_tally_was_wrong", day=day.isoformat(), letters=letters, sums=sums)
    return letters + sums
