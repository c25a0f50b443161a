"""Keeps the sums of the halls' days and months, and proves them."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.statistics import queries
from services.appointments.statistics.use import queries as use_queries

log = structlog.get_logger()

ENTRIES = 5000
"""Of a hall's log, read in one transaction."""
STEP = 1


async def count(session: AsyncSession, now: datetime) -> int:
    """One step: follow the log of a hall that has gone on, or else count a day that never was, or
    else add up a month that is over.

    Returns STEP if there may be more to do.
    """
    await queries.take_turn(session)
    if await follow(session):
        return STEP
    day = await queries.uncounted_day(session, now)
    if day is not None:
        await queries.tally(session, day.hall_code, day.timezone, [day.day])
        await queries.note_counted(session, day)
        return STEP
    month = await queries.month_to_add_up(session, now)
    if month is None:
        return 0
    await queries.add_up_month(session, month)
    await queries.note_added_up(session, month)
    return STEP


async def follow(session: AsyncSession) -> bool:
    """Whether a hall was behind its log; whoever takes this step has the turn."""
    hall = await queries.behind(session)
    if hall is None:
        return False
    if hall.counted_timezone != hall.timezone or hall.through_seq is None:
        await queries.begin(session, hall)
        return True
    through = min(hall.newest_seq, hall.through_seq + ENTRIES)
    days = await queries.touched(session, hall, through)
    if days:
        await queries.tally(session, hall.hall_code, hall.timezone, days)
    await use_queries.forget_touched(session, hall, through)
    await queries.counted_through(session, hall.hall_code, through)
    return True


async def prove(session: AsyncSession, now: datetime) -> int:
    """One step: follow the log of a hall that has gone on, or else hold a day against the log, and
    a month against its days, each in its turn; what differs is set right and logged.

    Returns STEP where there may be more to follow before, else how many sums were wrong: then
    others are looked at at once.
    """
    await queries.take_turn(session)
    if await follow(session):
        return STEP
    return await _prove_month(session, now) + await _prove_day(session, now)


async def _prove_month(session: AsyncSession, now: datetime) -> int:
    month = await queries.month_to_prove(session)
    if month is None:
        return 0
    wrong = await queries.add_up_month(session, month)
    await queries.note_added_up(session, month, now)
    if wrong:
        day = month.month.isoformat()
        log.error("hall_month_was_wrong", hall=month.hall_code, month=day, sums=wrong)
    return wrong


async def _prove_day(session: AsyncSession, now: datetime) -> int:
    day = await queries.day_to_prove(session)
    if day is None:
        return 0
    wrong = await queries.tally(session, day.hall_code, day.timezone, [day.day])
    await queries.note_proven(session, day, now)
    behind = await queries.behind(session)  # what happened meanwhile is no fault
    if wrong and (behind is None or behind.hall_code != day.hall_code):
        log.error("hall_tally_was_wrong", hall=day.hall_code, day=day.day.isoformat(), sums=wrong)
        return wrong
    return 0
