"""Which notices still hold, and whose turn is near. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.consultations.models import ConsultationState
from services.appointments.deferrals.models import DeferralState
from services.appointments.followups.models import FollowupState
from services.appointments.outreach.models import (
    GatheringState,
    OutreachVisitState,
    RegistrationState,
)
from services.appointments.people.rules import ACCOUNT
from services.appointments.pre_checks.models import PreCheckState
from services.appointments.queueing.models import TicketState
from services.appointments.releases.models import ReleaseEntryState, ReleaseState

FEW = 3
"""With so many before them people are let know that their turn is near."""
REMINDED_BEFORE = {
    "appointment_reminder_day": timedelta(hours=24),
    "appointment_reminder_hours": timedelta(hours=2),
}

_A, _T = AppointmentState, TicketState
MISSED = "appointment_missed"
OF_APPOINTMENTS: Mapping[str, frozenset[str]] = {
    "appointment_confirmed": frozenset({_A.CONFIRMED}),
    "appointment_moved": frozenset({_A.CONFIRMED}),
    "appointment_reminder_day": frozenset({_A.CONFIRMED}),
    "appointment_reminder_hours": frozenset({_A.CONFIRMED}),
    "appointment_orphaned": frozenset({_A.ORPHANED}),
    "appointment_cancelled_by_hall": frozenset({_A.CANCELLED_BY_HALL, _A.CANCELLED}),
    "appointment_cancelled_by_staff": frozenset({_A.CANCELLED}),
    MISSED: frozenset({_A.NO_SHOW}),
    "waitlist_offer": frozenset({_A.HELD}),
}
OF_TICKETS: Mapping[str, frozenset[str]] = {
    "ticket_soon": frozenset({_T.WAITING}),
    "ticket_called": frozenset({_T.CALLED, _T.RECALLED}),
    "ticket_missed": frozenset({_T.MISSED}),
}
"""By kind of notice, how its ticket has to stand for it to hold still; above, its appointment."""
OF_DEFERRALS: Mapping[str, DeferralState] = {
    "deferral_promised": DeferralState.PROMISED,
    "deferral_reminder": DeferralState.PROMISED,
    "deferral_lapsed": DeferralState.LAPSED,
}
OF_PRE_CHECKS: Mapping[str, PreCheckState] = {
    "pre_check_complete": PreCheckState.COMPLETE,
    "pre_check_missing": PreCheckState.MISSING,
    "pre_check_elsewhere": PreCheckState.ELSEWHERE,
}
OF_VISITS: Mapping[str, OutreachVisitState] = {
    "outreach_visit_planned": OutreachVisitState.PLANNED,
    "outreach_visit_refused": OutreachVisitState.REFUSED,
    "outreach_visit_cancelled": OutreachVisitState.CANCELLED,
}
OF_REGISTRATIONS: Mapping[str, tuple[RegistrationState, GatheringState]] = {
    "outreach_registered": (RegistrationState.REGISTERED, GatheringState.ANNOUNCED),
    "outreach_registration_cancelled": (RegistrationState.CANCELLED, GatheringState.ANNOUNCED),
    "outreach_event_moved": (RegistrationState.REGISTERED, GatheringState.ANNOUNCED),
    "outreach_event_cancelled": (RegistrationState.REGISTERED, GatheringState.CANCELLED),
}
OF_FOLLOWUPS: Mapping[str, FollowupState] = {"followup_invited": FollowupState.INVITED}
OF_CONSULTATIONS: Mapping[str, ConsultationState] = {
    "consultation_answered": ConsultationState.ANSWERED
}
OF_RELEASES: Mapping[str, tuple[ReleaseEntryState, ReleaseState]] = {
    "release_turn": (ReleaseEntryState.ADMITTED, ReleaseState.OPEN),
    "release_withdrawn": (ReleaseEntryState.DROPPED, ReleaseState.WITHDRAWN),
}
"""The same of what else people are let know about, as far as it has one state to stand in."""


def covered(kind: str, one: Appointment, legs: Sequence[Appointment]) -> list[Appointment]:
    """The legs of a visit that the notice about `one` tells of: one message a visit, not a leg.

    Each leg has its event, and what happened to several at once, which stand alike since, is told
    by the first of them; the others tell of nothing. Of legs that are missed one after the other
    the first speaks for all, and a reminder for whatever is left of the visit.
    """
    stand = [leg for leg in legs if leg.state in OF_APPOINTMENTS[kind] and _counted(leg)]
    stand.sort(key=lambda leg: (leg.starts_at, leg.person_no, leg.leg_no))
    if kind in REMINDED_BEFORE:
        return stand
    if kind != MISSED:
        now = one.state, one.changed_at
        stand = [leg for leg in stand if (leg.state, leg.changed_at) == now]
    return stand if stand and stand[0].id == one.id else []


def _counted(one: Appointment) -> bool:
    """Whether a cancelled one was more than a hold: confirmed before, or the successor of one."""
    return one.state is not _A.CANCELLED or one.version > 2 or one.rescheduled_from is not None


def named(names: Sequence[str], people: int, language: str) -> str:
    """What a visit is for: each matter once, and for how many if it is for several."""
    each = list(dict.fromkeys(names))
    if language == "en":
        return ", ".join(each) + (f" ({people} people)" if people > 1 else "")
    return "、".join(each) + (f"（{people}位）" if people > 1 else "")


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
