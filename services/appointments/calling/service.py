"""Calls people to a window: whoever is next, or a certain one for a reason."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.appointments.calling import queries
from services.appointments.calling.queries import WindowNow
from services.appointments.calling.schemas import CallRequest
from services.appointments.queueing.models import Ticket, WindowState
from services.appointments.queueing.wording import refuse_ticket, window_standing
from services.appointments.queueing.workflow import window_busy
from shared.database.engine import DirectPool
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller
from shared.web.idempotency import KeyReused
from shared.workflow import refuse

_UNKNOWN = Text("没有这个窗口", "There is no such window")
_NO_TICKET = Text("本大厅今天没有这个号", "There is no such ticket in this hall today")
_NOT_SERVED_HERE = Text(
    "该窗口不办理这个号的事项，请在办理它的窗口叫号",
    "This window does not serve the ticket's items; please call it to one that does",
)


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


async def call_ticket(
    direct: DirectPool,
    caller: Caller,
    window_id: UUID,
    asked: CallRequest,
    now: datetime,
    key: str | None,
) -> tuple[Ticket, bool]:
    """The named ticket, called out of turn, and whether an earlier answer is repeated.

    Raises NotFound (no such window or ticket in the caller's halls), StateConflict (the window is
    not open, the ticket does not wait), WindowBusy, or Invalid (the window does not serve it).
    """
    there = await _window(direct, caller, window_id, key)
    wanted = await _named(direct, there.hall_code, asked.ticket, now)
    try:
        called = await queries.call_ticket(
            direct, window_id, caller, now, key, wanted.id, asked.reason
        )
    except asyncpg.UniqueViolationError:
        called = None
    if called is not None:
        direct.wake()
        return called, False
    before, repeated = await _why_not(direct, caller, window_id, key, (wanted.id, asked.reason))
    if before is not None:
        return before, repeated
    if not set(wanted.items) <= set(there.items):
        raise Invalid(_NOT_SERVED_HERE, pointer="/body/ticket")
    return refuse_ticket(await queries.ticket(direct, wanted.id) or wanted)


async def _named(direct: DirectPool, hall_code: str, typed: str, now: datetime) -> Ticket:
    """The ticket of that id, or of that number today. Raises NotFound."""
    try:
        wanted: UUID | None = UUID(typed)
    except ValueError:
        number = typed.strip().upper()
        wanted = await queries.numbered(direct, hall_code, number, now)
    ticket = await queries.ticket(direct, wanted) if wanted else None
    if ticket is None or ticket.hall_code != hall_code:
        raise NotFound(_NO_TICKET, pointer="/body/ticket")
    return ticket


async def _window(
    direct: DirectPool, caller: Caller, window_id: UUID, key: str | None
) -> WindowNow:
    """How the window stands. Raises NotFound."""
    found = await queries.why_not(direct, window_id, caller, key)
    if found is None or not caller.at(found.hall_code):
        raise NotFound(_UNKNOWN)
    return found


async def _why_not(
    direct: DirectPool,
    caller: Caller,
    window_id: UUID,
    key: str | None,
    wanted: tuple[UUID, str] | None = None,
) -> tuple[Ticket | None, bool]:
    """What the same request was answered before, else why nobody is called: `wanted` is a certain
    ticket and the reason. Raises KeyReused where the key was of another request."""
    found = await _window(direct, caller, window_id, key)
    if found.repeated_ticket_id is not None:
        before = (found.repeated_ticket_id, found.repeated_reason)
        if wanted is None and found.repeated_reason is not None or wanted not in (None, before):
            raise KeyReused
        return await queries.ticket(direct, found.repeated_ticket_id), True
    if found.live is not None:
        raise window_busy(*found.live)
    if found.state is not WindowState.OPEN:
        refuse(found.state, found.version, window_standing(found.state))
    return None, False
