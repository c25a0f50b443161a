"""Which notices still hold, and whose turn is near. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.models import AppointmentState
from services.appointments.people.rules import ACCOUNT
from services.appointments.queueing.models import TicketState
from services.appointments.releases.models import ReleaseEntryState

FEW = 3
"""With so many before them people are let know that their turn is near."""
REMINDED_BEFORE = {
    "appointment_reminder_day": timedelta(hours=24),
    "appointment_reminder_hours": timedelta(hours=2),
}

_A, _T = AppointmentState, TicketState
OF_APPOINTMENTS: Mapping[str, frozenset[str]] = {
    "appointment_confirmed": frozenset({_A.CONFIRMED}),
    "appointment_moved": frozenset({_A.CONFIRMED}),
    "appointment_reminder_day": frozenset({_A.CONFIRMED}),
    "appointment_reminder_hours": frozenset({_A.CONFIRMED}),
    "appointment_orphaned": frozenset({_A.ORPHANED}),
    "appointment_cancelled_by_hall": frozenset({_A.CANCELLED_BY_HALL}),
    "appointment_missed": frozenset({_A.NO_SHOW}),
    "waitlist_offer": frozenset({_A.HELD}),
}
OF_TICKETS: Mapping[str, frozenset[str]] = {
    "ticket_soon": frozenset({_T.WAITING}),
    "ticket_called": frozenset({_T.CALLED, _T.RECALLED}),
    "ticket_missed": frozenset({_T.MISSED}),
}
"""By kind of notice, how its ticket has to stand for it to hold still; above, its appointment."""
OF_RELEASES: Mapping[str, frozenset[str]] = {
    "release_turn": frozenset({ReleaseEntryState.ADMITTED}),
}
"""The same of who is in line for a release."""


class WaitingTicket(NamedTuple):
    """Somebody who waits; `reachable` where a notice could find them."""

    id: UUID
    item_code: str
    for_window_id: UUID | None
    reachable: bool


class CallingWindow(NamedTuple):
    """An open window and what it serves."""

    id: UUID
    items: frozenset[str]


def nearly(queue: Sequence[WaitingTicket], windows: Sequence[CallingWindow]) -> list[UUID]:
    """Who can be reached and has FEW at most before them, of a queue in the order of calling.

    Before somebody are those who are due earlier and whom a window would call that they wait for
    as well. Whom no open window serves is not near, however few wait.
    """
    found: list[UUID] = []
    ahead = {window.id: 0 for window in windows}
    before: list[frozenset[UUID]] = []
    for ticket in queue:
        mine = frozenset(window.id for window in windows if _serves(window, ticket))
        few = sum(not mine.isdisjoint(other) for other in before) <= FEW
        if mine and few and ticket.reachable:
            found.append(ticket.id)
        before.append(mine)
        for window in mine:
            ahead[window] += 1
        if ahead and min(ahead.values()) > FEW:
            break
    return found


def _serves(window: CallingWindow, ticket: WaitingTicket) -> bool:
    if ticket.for_window_id is not None:
        return ticket.for_window_id == window.id
    return ticket.item_code in window.items


def account_of(*names: str | None) -> UUID | None:
    """The account that one of these names: an account's id, or the key of a person with one."""
    for name in names:
        try:
            return UUID((name or "").removeprefix(ACCOUNT))
        except ValueError:
            continue
    return None
