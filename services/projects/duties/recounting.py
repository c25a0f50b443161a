"""The numbers of duties set right after a notice was loaded or corrected."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar.models import NATIONAL
from services.projects.duties import observing, queries
from services.projects.duties.observing import DUTIES_A_TURN
from services.projects.duties.statement import (
    KEPT_SINCE,
    RECOUNT_DUE,
    RECOUNT_DUTIES,
    RECOUNT_ENDS,
    RECOUNT_EVIDENCE,
)
from shared import clock


async def recount(session: AsyncSession, region: str, year: int, now: datetime) -> int:
    """Judge anew after the calendar of `year` moved; returns how many duties were rewritten.

    Duties hold ordinals, so only those with days in or after that year can need new ones.
    """
    if region != NATIONAL:
        return 0
    await auditing.take_turn(session)
    first = date(year, 1, 1)
    rewritten = await _recount(session, region, first, clock.day_start(first))
    kept = await _kept_since(session, first)
    for start in range(0, len(kept), DUTIES_A_TURN):
        some = await queries.duties(session, kept[start : start + DUTIES_A_TURN])
        await observing.derive(session, some, now, actor="calendar")
    await auditing.judge_all(session, now, actor="calendar")
    return rewritten


async def _recount(session: AsyncSession, region: str, first: date, first_at: datetime) -> int:
    """Set right the ordinals of days from `first` on; returns how many duties had to be rewritten.

    A notice of days ahead rewrites none: only those dated on or after `first` can be off.
    """
    rewritten: Any = await session.execute(RECOUNT_DUTIES, {"region": region, "first": first})
    by_ends: Any = await session.execute(RECOUNT_ENDS, {"region": region, "first": first})
    await session.execute(RECOUNT_DUE, {"first": first})
    await session.execute(RECOUNT_EVIDENCE, {"region": region, "first_at": first_at})
    return int(rewritten.rowcount) + int(by_ends.rowcount)


async def _kept_since(session: AsyncSession, since: date) -> Sequence[UUID]:
    """Duties whose publication must stay for a time counted by the calendar, and that may end
    after that day."""
    return (await session.execute(KEPT_SINCE, {"since": since})).scalars().all()
