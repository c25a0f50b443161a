"""Writes what happened on a hall's floor: its entry in the log, and its event.

`append` comes last in a transaction, because it holds the hall's floor; see `queries`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import settling
from services.appointments.queueing import queries
from services.appointments.queueing.events import (
    TICKET_EVENTS,
    CaseFinished,
    TicketEventBase,
    WindowChanged,
)
from services.appointments.queueing.models import (
    Outcome,
    Ticket,
    WindowAtWork,
    WindowState,
)
from services.appointments.queueing.rules import AlreadyTicketed
from services.appointments.queueing.schemas import Entry, TicketMemory
from services.appointments.queueing.workflow import WINDOWS, WindowAction
from shared.messaging import outbox

_OF_ONE_LEG = {
    *("id", "leg", "version", "item_code", "items", "for_window_id"),
    *(TicketMemory.model_fields.keys() - {"ready_at", "due_at"}),
}
"""What the next leg of a number does not take over; every other column goes with the person."""


async def append(session: AsyncSession, ticket: Ticket, entry: Entry) -> None:
    """Log what happened to the ticket, and promise its event to the bus."""
    await session.flush()
    event = _event(ticket, entry)
    promised = outbox.row(event, scope=ticket.hall_code, subject=str(ticket.id))
    logged = {
        "hall": ticket.hall_code,
        "ticket_id": ticket.id,
        "visit_id": ticket.visit_id,
        "number": ticket.number,
        "item_code": ticket.item_code,
        "to_state": ticket.state.value,
        "version": ticket.version,
        **entry.model_dump(exclude={"event", "next_ticket_id", "reason", "before"}),
        "window_id": entry.window_id or ticket.window_id,
        "window_no": entry.window_no or ticket.window_no,
        "before": orjson.dumps(entry.before).decode(),
    }
    await queries.append(session, logged, promised)


def _event(ticket: Ticket, entry: Entry) -> TicketEventBase:
    kind = TICKET_EVENTS[entry.event]
    known: dict[str, Any] = {
        "ticket_id": ticket.id,
        "visit_id": ticket.visit_id,
        "hall_code": ticket.hall_code,
        "hall_seq": 0,  # given by the statement that appends
        "number": ticket.number,
        "item_code": ticket.item_code,
        "state": ticket.state.value,
        "version": ticket.version,
        "window_no": entry.window_no or ticket.window_no,
        "at": entry.at,
    }
    more: dict[str, Any] = {"next_ticket_id": entry.next_ticket_id, "undoes": entry.undoes}
    more |= {"outcome": entry.outcome, "reason": entry.reason}
    return kind(**known, **{k: v for k, v in more.items() if k in kind.model_fields})


async def close_drained(
    session: AsyncSession, window_id: UUID, now: datetime
) -> WindowAtWork | None:
    """The closed window, if it was draining; nobody is there, and the caller holds the floor."""
    row = WINDOWS[WindowState.DRAINING, WindowAction.RUN_DRY]
    closed = await queries.move_window(session, window_id, row, now)
    if closed is not None:
        await record_window(session, closed)
    return closed


async def reopen_window(session: AsyncSession, window_id: UUID, now: datetime) -> None:
    """A window that closed with the call that is being put back takes up its last person again."""
    row = WINDOWS[WindowState.CLOSED, WindowAction.TAKE_BACK]
    drained = await queries.move_window(session, window_id, row, now)
    if drained is not None:
        await record_window(session, drained)


async def record_window(session: AsyncSession, window: WindowAtWork) -> None:
    """Promise the window's change to the bus."""
    event = WindowChanged(
        window_id=window.window_id,
        hall_code=window.hall_code,
        window_no=window.window_no,
        state=window.state.value,
        version=window.version,
        at=window.since,
    )
    await outbox.record(session, event, scope=window.hall_code, subject=str(window.window_id))


async def open_leg(
    session: AsyncSession,
    before: Ticket,
    *,
    leg_id: UUID,
    items: list[str],
    window_id: UUID | None,
    now: datetime,
) -> Ticket:
    """The next leg of the same number, which keeps the time already waited and the credit.

    Its version goes on from the leg before, so that a later finish of the visit has a higher one.
    Raises AlreadyTicketed where the person took a ticket for the same at this very moment.
    """
    kept = before.model_dump(exclude=_OF_ONE_LEG)
    leg = Ticket(
        **kept,
        id=leg_id,
        leg=await queries.highest_leg(session, before) + 1,
        version=before.version + 1,
        item_code=items[0],
        items=items,
        for_window_id=window_id,
        state_since=now,
    )
    session.add(leg)
    try:
        await session.flush()
    except IntegrityError as error:  # the unique indexes have the last word
        raise AlreadyTicketed from error
    return leg


async def record_finished_case(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """Publish that a matter is finished; the appointment counts as served."""
    item = await queries.item(session, ticket.item_code)
    outcome = ticket.outcome or Outcome.DONE
    event = CaseFinished(
        case_id=ticket.visit_id,
        hall_code=ticket.hall_code,
        item_code=ticket.item_code,
        item_name=item.name if item else ticket.item_code,
        department_code=item.department_code if item else "_",
        window_no=ticket.window_no or 0,
        outcome=outcome.value,
        finished_at=now,
        one_visit=outcome is Outcome.DONE,
        version=ticket.version,
    )
    await outbox.record(session, event, scope=ticket.hall_code, subject=str(ticket.id))
    if ticket.appointment_id is not None:
        await settling.mark_served(session, ticket.appointment_id, now)


async def take_back_finished_case(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """The finish was a mistake: the appointment is being served still, not done."""
    if ticket.appointment_id is not None:
        await settling.mark_not_served(session, ticket.appointment_id, now)


async def record_lapse(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """An appointment whose ticket was left behind: its person came, and nobody said what became."""
    if ticket.appointment_id is not None:
        await settling.mark_lapsed(session, ticket.appointment_id, now)


async def record_no_show(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """An appointment whose ticket was missed for good counts as not shown up."""
    if ticket.appointment_id is not None:
        await settling.mark_no_show(session, ticket.appointment_id, now)
