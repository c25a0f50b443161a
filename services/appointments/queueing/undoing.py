"""Takes the last action on a ticket back, within the time that the policy allows."""

from datetime import datetime

from services.appointments.booking import settling
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.priority.schemas import Policy
from services.appointments.queueing import event_log, shifts
from services.appointments.queueing import statement as statements
from services.appointments.queueing.models import (
    LIVE_INDEXES,
    OVER,
    Ticket,
    TicketEvent,
    TicketState,
)
from services.appointments.queueing.rules import (
    NothingToUndo,
    TicketedAgain,
    WindowBusy,
    leg_goes_on,
    undo_until,
)
from services.appointments.queueing.schemas import Entry, TicketMemory, memory
from services.appointments.queueing.seen import SeenTicket
from services.appointments.queueing.wording import ticket_standing
from services.appointments.queueing.workflow import (
    WORKFLOW,
    Action,
    FollowUp,
    OnCall,
    TicketRow,
    WindowAction,
)
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Conflict


def take_back(
    statement: SwapStatement, found: SeenTicket, policy: Policy, actor: str, now: datetime
) -> Ticket:
    """The ticket as it was before its last action.

    Raises NothingToUndo, WindowBusy (somebody else is at the window by now), LegAlreadyCalled or
    TicketedAgain.
    """
    row, last = undone_row(found, policy, now)
    ticket = found.ticket
    # The leg goes first: of two live tickets for one appointment the unique index knows none.
    moved_on = found.ticket.next_leg_id is not None
    withdrawn = [_withdrawn_leg(statement, found, actor, now)] if moved_on else []
    entry = _entry(ticket, last, actor, now)
    _put_back(statement, found, last)
    _take_back_call(statement, found, last, row, now)
    if row.follow_up is FollowUp.CASE_FINISHED:
        _take_back_case(statement, found, now)
    event_log.append(statement, (ticket, entry), *withdrawn)
    _move_window(statement, found, row, now)
    return ticket


def undone_row(found: SeenTicket, policy: Policy, now: datetime) -> tuple[TicketRow, TicketEvent]:
    """What an undo takes back, and its entry in the log. Raises what `take_back` raises.

    Only a place that was given up can have been taken again: who waits or is served keeps it.
    """
    last = found.last
    if last is None or (row := _row_of(last)) is None or now > undo_until(last.at, policy):
        raise NothingToUndo
    if found.ticket.next_leg_id is not None and _withdrawal(found.leg) is None:
        raise leg_goes_on(found.leg)
    if found.ticket.state in OVER and found.other is not None:
        raise TicketedAgain
    if row.call.ends and last.call_id is not None and found.there is not None:
        raise WindowBusy
    return row, last


def may_take_back(found: SeenTicket, policy: Policy, now: datetime) -> bool:
    """Whether there is something that an undo would take back."""
    try:
        undone_row(found, policy, now)
    except Conflict:
        return False
    return True


def _withdrawal(leg: Ticket | None) -> TicketRow | None:
    """How the leg of a transfer is taken back; None once it waits no more."""
    return None if leg is None else WORKFLOW.get(leg.state, Action.WITHDRAW)


def _entry(ticket: Ticket, last: TicketEvent, actor: str, now: datetime) -> Entry:
    """What the log says of the ticket, as it still is."""
    return Entry(
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


def _put_back(statement: SwapStatement, found: SeenTicket, last: TicketEvent) -> None:
    """Swaps the ticket for what it was. Raises TicketedAgain."""
    was = TicketMemory.model_validate(last.before).model_dump()
    was_over = found.ticket.state in OVER
    statement.swap(found.ticket, was, says=ticket_standing)
    if was_over:
        people.take_seen_turns(statement, person_of(found.ticket), found.turns)
    for index in LIVE_INDEXES:  # the place was free again, and has been taken
        statement.refusing(index, TicketedAgain)


def _row_of(last: TicketEvent) -> TicketRow | None:
    """The row that the log entry stands for; None for one that cannot be undone."""
    if last.from_state is None:
        return None
    row = WORKFLOW.get(TicketState(last.from_state), last.action)
    return row if row is not None and row.undoable else None


def _take_back_call(
    statement: SwapStatement, found: SeenTicket, last: TicketEvent, row: TicketRow, now: datetime
) -> None:
    """What was done to the call, taken back. Raises WindowBusy where it is just taken."""
    if row.call is OnCall.BEGINS and found.call is not None:
        statements.end_call(statement, found.call.id, Action.UNDO.value, now)
    elif row.call is OnCall.STARTS_SERVICE and found.call is not None:
        statements.serve_call(statement, found.call.id, None)
    elif row.call.ends and last.call_id is not None:
        statements.reopen_call(statement, last.call_id)
        statement.refusing("uq_call_live_window", WindowBusy)


def _take_back_case(statement: SwapStatement, found: SeenTicket, now: datetime) -> None:
    """The finish was a mistake: the appointment is being served still, not done. Where the person
    has booked the same again meanwhile, that one stands."""
    if found.appointment is not None and found.booked_again is None:
        settling.settle(statement, found.appointment, AppointmentAction.UNDO_SERVE, now)
        statement.refusing("uq_appointment_live", Overtaken)


def _move_window(
    statement: SwapStatement, found: SeenTicket, row: TicketRow, now: datetime
) -> None:
    """What the action, and now its undoing, mean for a window that is to close."""
    if found.window is None:
        return
    if row.call is OnCall.BEGINS:
        shifts.move_by_itself(statement, found.window, WindowAction.RUN_DRY, now)
    elif row.call.ends:
        shifts.move_by_itself(statement, found.window, WindowAction.TAKE_BACK, now)


def _withdrawn_leg(
    statement: SwapStatement, found: SeenTicket, actor: str, now: datetime
) -> tuple[Ticket, Entry]:
    """The leg that the transfer opened, closed, and what the log says of it."""
    leg, row = found.leg, _withdrawal(found.leg)
    assert leg is not None
    assert row is not None
    entry = Entry(
        action=row.action,
        event=row.event,
        actor=actor,
        at=now,
        from_state=row.state,
        reason=row.reason,
    )
    statement.swap(leg, {"state": row.to, "state_since": now}, follows=True)
    return leg, entry
