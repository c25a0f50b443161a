"""What happens to tickets when nobody asks: the time to come back is over, or the day is."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority import service as priority
from services.appointments.queueing import queries, rules, service
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.rules import Action, Edge
from services.appointments.queueing.service import Wish
from shared import clock
from shared.errors import StateConflict

SHORTEST_RETURN = timedelta(minutes=1)
"""No policy closes a missed ticket earlier; the guard asks the hall's own policy."""
JOB_BATCH = 200


async def close_missed(session: AsyncSession, now: datetime) -> int:
    """Job: closes missed tickets whose time to come back is over. Returns how many."""
    missed = await queries.missed_before(session, now - SHORTEST_RETURN, JOB_BATCH)
    return await _move_by_themselves(session, missed, Action.CLOSE, now)


async def abandon_left(session: AsyncSession, now: datetime) -> int:
    """Job: ends the waiting of tickets from earlier days. Returns how many."""
    left = await queries.left_from_earlier_days(session, clock.today(now), JOB_BATCH)
    return await _move_by_themselves(session, left, Action.ABANDON, now)


async def _move_by_themselves(
    session: AsyncSession, tickets: list[UUID], action: Action, now: datetime
) -> int:
    """Takes an edge that no person asks for; tickets that moved on meanwhile are left alone.

    The floor is locked before the ticket is read, so that no number is taken in vain.
    """
    moved = 0
    for ticket_id in tickets:
        try:
            ticket, _ = await _may_move(session, ticket_id, action, now)
            await queries.lock_floor(session, ticket.hall_code)
            ticket, edge = await _may_move(session, ticket_id, action, now)
        except StateConflict:
            continue
        await service.take(session, ticket, edge, Wish(), "system", now)
        moved += 1
    return moved


async def _may_move(
    session: AsyncSession, ticket_id: UUID, action: Action, now: datetime
) -> tuple[Ticket, Edge]:
    """The ticket and its edge; raises StateConflict, or another guard's problem."""
    ticket = await service.find(session, ticket_id)
    edge = rules.edge_from(ticket, action)
    policy = await priority.policy_of(session, ticket.hall_code)
    for guard in edge.guards:
        guard(ticket, policy, now)
    return ticket, edge
