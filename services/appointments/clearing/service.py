"""Closes what a hall's past day left behind (日终清场), a batch at a time.

Nothing here says that a matter was done or that somebody did not come: nobody knows.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import settling
from services.appointments.clearing import queries
from services.appointments.clearing.queries import Cutoffs
from services.appointments.clearing.rules import left_before
from services.appointments.directory.schemas import OpeningHours
from services.appointments.priority.schemas import QueueRules
from services.appointments.queueing import expiry
from services.appointments.queueing import service as queueing
from services.appointments.queueing.workflow import Action
from services.appointments.windows import service as windows

BATCH = 50
_DEFAULT_HOURS = QueueRules().left_after_hours


async def clear_tickets(session: AsyncSession, now: datetime) -> int:
    """Job: closes the tickets, ends their calls, lapses their appointments. Returns how many."""
    left = await queries.left_tickets(session, await _cutoffs(session, now), BATCH)
    return await expiry.move_by_themselves(session, left, Action.CLEAR, now)


async def close_windows(session: AsyncSession, now: datetime) -> int:
    """Job: closes windows that were left open with nobody there. Returns how many.

    They are looked at again once their floors are held: then no call can come in between.
    """
    cutoffs = await _cutoffs(session, now)
    seen = await queries.left_windows(session, cutoffs, BATCH)
    # In the database's order, as the tickets' floors are taken: two jobs never wait crosswise.
    for hall in dict.fromkeys(window.hall_code for window in seen):
        await queueing.lock_floor(session, hall)
    left = await queries.left_windows(session, cutoffs, BATCH) if seen else []
    held = {window.window_id for window in seen}
    closed = [window for window in left if window.window_id in held]
    for window in closed:
        await windows.close_left(session, window, now)
    return len(closed)


async def lapse_appointments(session: AsyncSession, now: datetime) -> int:
    """Job: settles who checked in and gave the ticket up, or got none. Returns how many."""
    left = await queries.left_appointments(session, await _cutoffs(session, now), BATCH)
    lapsed = [await settling.lapse(session, appointment, now) for appointment in left]
    return sum(lapsed)


async def _cutoffs(session: AsyncSession, now: datetime) -> Cutoffs:
    halls = await queries.halls(session)
    moments = [
        left_before(
            [OpeningHours.model_validate(each) for each in hall.opening_hours],
            hall.timezone,
            hall.hours or _DEFAULT_HOURS,
            now,
        )
        for hall in halls
    ]
    return Cutoffs([hall.code for hall in halls], moments)
