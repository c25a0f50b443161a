"""What happens to tickets when nobody asks: the time to come back is over."""

import contextlib
from collections.abc import Iterable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.queueing import queries, service
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.rules import TransitionInput
from services.appointments.queueing.workflow import WORKFLOW, Action
from shared.errors import StateConflict

JOB_BATCH = 50
"""The floors of their halls are held until all of them have moved."""


async def close_missed(session: AsyncSession, now: datetime) -> int:
    """Job: closes missed tickets whose time to come back is over. Returns how many."""
    missed = await queries.missed_for_good(session, now, JOB_BATCH)
    return await move_by_themselves(session, missed, Action.CLOSE, now)


async def move_by_themselves(
    session: AsyncSession, tickets: Iterable[Ticket], action: Action, now: datetime
) -> int:
    """Does to tickets what no person asks for; tickets that may not move (yet) are left alone.

    All of them are locked by now, before the first one takes its hall's floor.
    """
    moved = 0
    for ticket in tickets:
        with contextlib.suppress(StateConflict):
            row = WORKFLOW.find(ticket.state, ticket.version, action)
            await service.take(session, ticket, row, TransitionInput(), "system", now)
            moved += 1
    return moved
