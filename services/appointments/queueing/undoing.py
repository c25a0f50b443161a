"""Takes the last action on a ticket back, within the time that the policy allows."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority.schemas import Policy
from services.appointments.queueing import event_log, queries
from services.appointments.queueing.models import OVER, Ticket, TicketEvent, TicketState
from services.appointments.queueing.rules import (
    LegAlreadyCalled,
    NothingToUndo,
    TicketedAgain,
    WindowBusy,
    undo_until,
)
from services.appointments.queueing.schemas import Entry, TicketMemory, memory
from services.appointments.queueing.wording import ticket_standing
from services.appointments.queueing.workflow import WORKFLOW, Action, FollowUp, OnCall, TicketRow
from shared.database.versioned import swap


async def take_back(
    session: AsyncSession, ticket: Ticket, policy: Policy, actor: str, now: datetime
) -> Ticket:
    """The ticket as it was before its last action.

    Raises NothingToUndo, WindowBusy (somebody else is at the window by now), LegAlreadyCalled,
    TicketedAgain or StateConflict.
    """
    last = await queries.last_event(session, ticket.id)
    if last is None or (row := _row_of(last)) is None or now > undo_until(last.at, policy):
        raise NothingToUndo
    moved_on = row.follow_up is FollowUp.NEW_LEG
    leg = await _withdrawn_leg(session, ticket, now) if moved_on else None
    entry = Entry(
        action=Action.UNDO,
        event="undone",
        actor=actor,
        at=now,
        from_state=ticket.state.value,
        window_id=last.window_id,
        window_no=last.window_no,
        call_id=last.call_id,
        undoes=last.hall_seq,
        before=memory(ticket),
    )
    changed = await _as_it_was(session, ticket, last)
    await _take_back_call(session, ticket, last, row, now)
    if row.follow_up is FollowUp.CASE_FINISHED:
        await event_log.take_back_finished_case(session, changed, now)
    await event_log.append(session, changed, entry)
    if leg is not None:
        await event_log.append(session, leg, _withdrawal(actor, now))
    await _settle_window(session, last, row, now)
    return changed


async def _as_it_was(session: AsyncSession, ticket: Ticket, last: TicketEvent) -> Ticket:
    """The ticket with its columns of before. Raises TicketedAgain.

    Only a place that was given up can have been taken again: who waits or is served keeps it.
    """
    was = TicketMemory.model_validate(last.before).model_dump()
    given_up = ticket.state in OVER
    if given_up and await queries.other_of_person(session, ticket, ticket.items) is not None:
        raise TicketedAgain
    try:
        async with session.begin_nested():
            return await swap(session, ticket, was, says=ticket_standing)
    except IntegrityError as error:  # the place was free again, and has been taken
        raise TicketedAgain from error


def _row_of(last: TicketEvent) -> TicketRow | None:
    """The row that the log entry stands for; None for one that cannot be undone."""
    if last.from_state is None:
        return None
    row = WORKFLOW.get(TicketState(last.from_state), last.action)
    return row if row is not None and row.undoable else None


async def _take_back_call(
    session: AsyncSession, ticket: Ticket, last: TicketEvent, row: TicketRow, now: datetime
) -> None:
    """What was done to the call, taken back."""
    if row.call is OnCall.BEGINS:
        ended = {"ended_at": now, "ended_by": Action.UNDO.value}
        await queries.change_live_call(session, ticket.id, ended)
    elif row.call is OnCall.STARTS_SERVICE:
        await queries.change_live_call(session, ticket.id, {"started_at": None})
    elif (
        row.call.ends
        and last.call_id is not None
        and not await queries.reopen_call(session, last.call_id)
    ):
        raise WindowBusy


async def _settle_window(
    session: AsyncSession, last: TicketEvent, row: TicketRow, now: datetime
) -> None:
    """What the action, and now its undoing, mean for a window that is to close."""
    if last.window_id is None:
        return
    if row.call is OnCall.BEGINS:
        await event_log.close_drained(session, last.window_id, now)
    elif row.call.ends:
        await event_log.reopen_window(session, last.window_id, now)


async def _withdrawn_leg(session: AsyncSession, ticket: Ticket, now: datetime) -> Ticket:
    """The leg that the transfer opened, closed."""
    leg = await queries.ticket(session, ticket.next_leg_id) if ticket.next_leg_id else None
    row = WORKFLOW.get(leg.state, Action.WITHDRAW) if leg is not None else None
    if leg is None or row is None:
        raise LegAlreadyCalled
    values = {"state": row.to, "state_since": now}
    return await swap(session, leg, values, says=ticket_standing)


def _withdrawal(actor: str, now: datetime) -> Entry:
    """The log's entry of the leg that was closed."""
    row = WORKFLOW[TicketState.WAITING, Action.WITHDRAW]
    return Entry(
        action=row.action,
        event=row.event,
        actor=actor,
        at=now,
        from_state=row.state,
        reason=row.reason,
    )
