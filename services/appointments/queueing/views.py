"""A ticket as anyone may see it who knows its id."""

from services.appointments.queueing.models import Ticket
from services.appointments.queueing.schemas import TicketView


def ticket_view(ticket: Ticket) -> TicketView:
    """The ticket without its place in the queue."""
    return TicketView(
        id=ticket.id,
        number=ticket.number,
        hall_code=ticket.hall_code,
        items=ticket.items,
        state=ticket.state,
        version=ticket.version,
        window_no=ticket.window_no,
        recalls=ticket.recalls,
        issued_at=ticket.issued_at,
        ready_at=ticket.ready_at,
        called_at=ticket.called_at,
        outcome=ticket.outcome,
        missing=ticket.missing,
        pending=ticket.pending,
        next_ticket_id=ticket.next_leg_id,
    )
