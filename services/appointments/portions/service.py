"""Places come on sale when their time has come: first for who lost theirs, then for who waits.

A statement a transaction, so that slots are locked in id order as by whoever books.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.context import places_freed
from services.appointments.directory import service as directory
from services.appointments.portions import queries
from services.appointments.slots import service as slots
from services.appointments.slots.rules import OpenedSlot


async def release_due(session: AsyncSession, now: datetime) -> int:
    """Job: releases the portions whose time has come. Returns of how many slots."""
    due = await queries.halls_releasing(session, now)
    return await _sell(session, due, queries.release, now)


async def cede_due(session: AsyncSession, now: datetime) -> int:
    """Job: what pools have left at the time of their return goes to the pool online. Returns to
    how many slots."""
    due = await queries.halls_ceding(session, now)
    return await _sell(session, due, queries.cede, now)


async def _sell(
    session: AsyncSession,
    due: Sequence[str],
    step: Callable[[AsyncSession, Sequence[str], datetime], Awaitable[list[OpenedSlot]]],
    now: datetime,
) -> int:
    """Halls whose schedules are just changed are passed over: what is due there stays due."""
    halls = await directory.lock_idle_halls(session, due) if due else []
    rows = await step(session, halls, now) if halls else []
    if rows:
        await slots.publish_opened(session, rows)
        places_freed(session)
    return len(rows)
