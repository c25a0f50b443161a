"""Calls the next person to a window."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.appointments.calling import queries
from services.appointments.queueing.models import Ticket, WindowState
from services.appointments.queueing.rules import WindowBusy
from services.appointments.queueing.wording import window_standing
from shared.database.engine import DirectPool
from shared.errors import NotFound, Text
from shared.security.identity import Caller
from shared.workflow import refuse

_UNKNOWN = Text("没有这个窗口", "There is no such window")


async def call_next(
    direct: DirectPool, caller: Caller, window_id: UUID, now: datetime, key: str | None
) -> tuple[Ticket | None, bool]:
    """The called ticket, None when nobody waits, and whether an earlier answer is repeated.

    Raises NotFound (no such window in the caller's halls), StateConflict (not open), WindowBusy.
    """
    try:
        ticket = await queries.call_next(direct, window_id, caller, now, key)
    except asyncpg.UniqueViolationError:
        ticket = None
    if ticket is not None:
        direct.wake()
        return ticket, False
    return await _why_not(direct, caller, window_id, key)


async def _why_not(
    direct: DirectPool, caller: Caller, window_id: UUID, key: str | None
) -> tuple[Ticket | None, bool]:
    found = await queries.why_not(direct, window_id, key)
    if found is None or not caller.at(found.hall_code):
        raise NotFound(_UNKNOWN)
    if found.repeated_ticket_id is not None:
        return await queries.ticket(direct, found.repeated_ticket_id), True
    if found.live_ticket_id is not None:
        raise WindowBusy(ticket_id=str(found.live_ticket_id))
    if found.state is not WindowState.OPEN:
        refuse(found.state, found.version, window_standing(found.state))
    return None, False
