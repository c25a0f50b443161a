"""What happens to tickets when nobody asks: the time to come back is over."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import settling
from services.appointments.queueing import queries, seen, service
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.rules import TransitionInput
from services.appointments.queueing.workflow import WORKFLOW, Action, FollowUp
from shared.database.rows import fetch_in
from shared.database.swap_statement import SwapStatement
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

    All of them are locked by now, before the first one takes its hall's floor. Raises Overtaken
    where something has changed meanwhile that goes with one: the next run decides anew.
    """
    moved = [await _move_by_itself(session, ticket, action, now) for ticket in tickets]
    return sum(moved)


async def _move_by_itself(
    session: AsyncSession, ticket: Ticket, action: Action, now: datetime
) -> bool:
    found = await seen.find(partial(fetch_in, session), ticket.id, action)
    assert found is not None
    statement, booked = SwapStatement(), found.appointment
    seen_version = booked and booked.version
    try:
        row = WORKFLOW.find(found.ticket.state, found.ticket.version, action)
        service.take(statement, found, row, TransitionInput(), "system", now)
    except StateConflict:
        return False
    await statement.write_in(session)
    if row.follow_up is FollowUp.NO_SHOW and booked is not None and booked.version != seen_version:
        await settling.count_no_show(session, booked, now, now)
    return True
