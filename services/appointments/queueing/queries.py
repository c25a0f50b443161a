"""All SQL of tickets and calls.

Locks are taken in one order: what the windows serve (shared by who counts on it) and the windows of
the directory, tickets or the numbers of new ones, what was booked with them, then the hall's floor
(with the numbers of the log), then windows at work. An action takes those that it needs in one
statement, so that the floor is held for the rest of that and the commit only, because everybody in
the hall waits for it; call-next, which holds it first, never waits for a ticket. A call has no lock
of its own: whoever changes it has swapped its ticket.

What was read without a lock is guarded when it is written. A ticket's call and the last entry of
its log: by the ticket's version. A window that has somebody: by its own, which is held where it is
not changed, so that none is left to close that has nobody any more. Who closes a window where
nobody is has no row to hold, and goes by the number of the floor's last event. What a window
serves: by the rows, which whoever changes it has replaced.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority.models import QueuePolicy
from services.appointments.priority.schemas import Policy
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.statement import CHANGE_WINDOWS, KEEP_WINDOWS
from services.appointments.queueing.workflow import WORKFLOW, Action

_KEEP_WINDOWS, _CHANGE_WINDOWS = text(KEEP_WINDOWS), text(CHANGE_WINDOWS)


async def ticket(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    return await session.get(Ticket, ticket_id)


async def keep_windows(session: AsyncSession, hall_code: str) -> None:
    """The hall's windows serve what they serve now until the transaction ends."""
    await session.execute(_KEEP_WINDOWS, {"hall": hall_code})


async def change_windows(session: AsyncSession, hall_code: str) -> None:
    """Waits until nobody counts on the windows any more, and lets nobody do so until the end."""
    await session.execute(_CHANGE_WINDOWS, {"hall": hall_code})


async def missed_for_good(session: AsyncSession, now: datetime, limit: int) -> list[Ticket]:
    """Tickets whose time to come back is over by their hall's policy, hall by hall.

    They are locked, but for those that somebody is just changing.
    """
    minutes = (
        select(QueuePolicy.rules["back_within_minutes"].as_integer())
        .where(QueuePolicy.hall_code == Ticket.hall_code)
        .order_by(col(QueuePolicy.version).desc())
        .limit(1)
        .scalar_subquery()
    )
    allowed = func.coalesce(minutes, Policy().back_within_minutes)
    over = col(Ticket.state_since) < now - func.make_interval(0, 0, 0, 0, 0, allowed)
    return list(
        await session.exec(
            select(Ticket)
            .where(col(Ticket.state).in_(row.state for row in WORKFLOW.of(Action.CLOSE)), over)
            .order_by(col(Ticket.hall_code), col(Ticket.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
