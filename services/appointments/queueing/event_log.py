"""Writes what happened on a hall's floor: its entry in the log, and its event.

`append` comes after what is swapped, because it locks the hall's floor; see `queries`.
"""

from datetime import datetime
from typing import Any

import orjson

from services.appointments.queueing import statement as statements
from services.appointments.queueing.events import TICKET_EVENTS, CaseFinished, TicketEventBase
from services.appointments.queueing.models import Outcome, Ticket
from services.appointments.queueing.schemas import Entry
from services.appointments.queueing.seen import ItemName
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


def append(statement: SwapStatement, *happened: tuple[Ticket, Entry]) -> None:
    """Logs what happened to tickets of a hall, and promises their events to the bus; all at once,
    because a statement numbers once."""
    hall = happened[0][0].hall_code
    promised = [
        outbox.row(_event(ticket, entry), scope=hall, subject=str(ticket.id))
        for ticket, entry in happened
    ]
    statements.append(statement, hall, [_logged(*each) for each in happened], promised)


def _logged(ticket: Ticket, entry: Entry) -> dict[str, Any]:
    return {
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


def publish_finished_case(
    statement: SwapStatement, ticket: Ticket, item: ItemName | None, now: datetime
) -> None:
    """Promises that a matter is finished to the bus."""
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
    outbox.promise(statement, Addressed(event, ticket.hall_code, str(ticket.id)))
