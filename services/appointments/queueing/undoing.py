"""Takes the last edge of a ticket back, within the time that the policy allows."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority.schemas import Policy
from services.appointments.queueing import event_log, queries
from services.appointments.queueing.models import Ticket, TicketEvent, TicketState
from services.appointments.queueing.rules import (
    ENDS_CALL,
    TAKEN_BACK,
    Action,
    LegAlreadyCalled,
    NothingToUndo,
    WindowBusy,
    undo_until,
)
from services.appointments.queueing.schemas import Entry, TicketMemory, memory


async def take_back(
    session: AsyncSession, ticket: Ticket, policy: Policy, actor: str, now: datetime, seq: int
) -> Ticket:
    """The ticket as it was before its last edge.

    Raises NothingToUndo, WindowBusy (somebody else is at the window by now), LegAlreadyCalled or
    StateConflict.
    """
    last = await queries.last_event(session, ticket.id)
    if last is None or last.action not in TAKEN_BACK or now > undo_until(last.at, policy):
        raise NothingToUndo
    await _take_back_effects(session, ticket, last, actor, now)
    state, before = ticket.state, memory(ticket)
    was = TicketMemory.model_validate(last.before).model_dump()
    changed = await event_log.swap(session, ticket, was)
    entry = Entry(
        action=Action.UNDO,
        event="undone",
        hall_seq=seq,
        actor=actor,
        at=now,
        from_state=state.value,
        window_id=last.window_id,
        window_no=last.window_no,
        call_id=last.call_id,
        undoes=last.hall_seq,
        before=before,
    )
    await event_log.append(session, changed, entry)
    return changed


async def _take_back_effects(
    session: AsyncSession, ticket: Ticket, last: TicketEvent, actor: str, now: datetime
) -> None:
    """What the edge did to the call, the window and the next leg."""
    if last.action == Action.TRANSFER:
        await _withdraw_next_leg(session, ticket, actor, now)
    call = await queries.call(session, last.call_id) if last.call_id else None
    if call is None:
        return
    if last.action == Action.CALL:
        await event_log.end_call(session, call, Action.UNDO, now)
    elif last.action == Action.SERVE:
        call.started_at = None
        session.add(call)
    elif last.action in ENDS_CALL:
        if not await queries.reopen_call(session, call.id):
            raise WindowBusy
        await event_log.reopen_window(session, call.window_id, now)


async def _withdraw_next_leg(
    session: AsyncSession, ticket: Ticket, actor: str, now: datetime
) -> None:
    leg = await queries.ticket(session, ticket.next_leg_id) if ticket.next_leg_id else None
    if leg is None or leg.state is not TicketState.WAITING:
        raise LegAlreadyCalled
    await event_log.withdraw_leg(session, leg, actor, now)
