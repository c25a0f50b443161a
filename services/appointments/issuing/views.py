"""A ticket as it is handed over, alone or with the appointment that it came from."""

from services.appointments.booking import views as booking_views
from services.appointments.display.views import with_estimate
from services.appointments.issuing.arriving import Arrival
from services.appointments.issuing.schemas import CheckedInView, IssuedTicket
from services.appointments.issuing.service import Issued
from shared.security.crypto import Keyring, rating_key, ticket_key
from shared.security.identity import Caller


def issued_ticket(issued: Issued, keyring: Keyring, language: str) -> IssuedTicket:
    """The ticket with its place, its wait, and the keys to rate the visit and to follow it by."""
    shown = with_estimate(issued.ticket, issued.estimate, language)
    visit = issued.ticket.visit_id
    keys = {"rating_key": rating_key(keyring, visit), "ticket_key": ticket_key(keyring, visit)}
    return IssuedTicket(**shown.model_dump(), **keys)


def checked_in(arrival: Arrival, caller: Caller, keyring: Keyring, language: str) -> CheckedInView:
    """The appointment as `booking` shows it, and the ticket that goes with it."""
    shown = booking_views.shown(arrival.booked, caller, keyring)
    ticket = arrival.issued and issued_ticket(arrival.issued, keyring, language)
    return CheckedInView(**shown.model_dump(), ticket=ticket)
