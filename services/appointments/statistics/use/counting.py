"""Keeps the sums of how a day's places and windows were used, once it is over, and proves them."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.statistics.counting import STEP, follow
from services.appointments.statistics.queries import take_turn
from services.appointments.statistics.use import queries

log = structlog.get_logger()


async def count(session: AsyncSession, now: datetime) -> int:
    """One step: see what was said about days that are counted, or else count a day that is over.

    Returns STEP if there may be more to do.
    """
    await take_turn(session)
    if await queries.forget_marked(session) == queries.MARKS:
        return STEP
    day = await queries.uncounted_day(session, now)
    if day is None:
        return 0
    await queries.tally(session, day, now)
    await queries.note_counted(session, day)
    return STEP


async def prove(session: AsyncSession, now: datetime) -> int:
    """One step: see what was said about days that are counted, or else hold a day against its rows,
    each day in its turn; what differs is set right and logged.

    Returns STEP where there may be more to see before, else how many sums were wrong: then another
    day is looked at at once.
    """
    await take_turn(session)
    if await follow(session) or await queries.forget_marked(session):
        return STEP
    day = await queries.day_to_prove(session)
    if day is None:
        return 0
    wrong = await queries.tally(session, day, now)
    await queries.note_proven(session, day, now)
    if wrong and await queries.is_unchanged(session, day):
        log.error("use_tally_was_wrong", hall=day.hall_code, day=day.day.isoformat(), sums=wrong)
        return wrong
    return 0
