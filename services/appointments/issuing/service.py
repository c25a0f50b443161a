"""Issues tickets: on arrival, with an appointment or without."""

from datetime import datetime
from typing import NamedTuple

from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.seen import Seen
from services.appointments.directory.openings import Openings
from services.appointments.estimates import service as estimates
from services.appointments.estimates.schemas import Estimate
from services.appointments.issuing import counters, drafts, limiting, queries, rules
from services.appointments.issuing.counters import Counter, TicketWish
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.seen import SeenHall
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.policies.models import BookingPolicy
from services.appointments.priority import service as priority
from services.appointments.priority.models import TicketClass
from services.appointments.queueing import event_log
from services.appointments.queueing import service as queueing
from services.appointments.queueing.legs import shortest_leg
from services.appointments.queueing.models import LIVE_INDEXES, Ticket
from services.appointments.queueing.rules import AlreadyTicketed, already_ticketed
from services.appointments.queueing.schemas import Entry
from services.appointments.schedules import openings
from shared.database import calendar_days
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller

_PROOF_IN_USE = Text(
    "这份凭证在本大厅已取过号，办完或放弃后才能再用",
    "This proof holds a place in the hall already; it can be used again when that one has ended",
)
_THEIR_OTHER = Text(
    "同一人已为这个事项取过号，请凭那张号办理，或先放弃",
    "The person has a ticket for this already; go on with it, or give it up first",
)
_PHONE_SHARED = Text(
    "您的手机号还有另一个账号或另一人在用，其已为这个事项取过号：请双方都核验身份证号后再取，或到窗口办理",
    "Your phone number is used by another account or person too, who has a ticket for this: have "
    "the ID numbers of both of you verified, or ask at a window",
)
_NO_APPOINTMENT = Text(
    "没有找到您在本大厅的这个预约，请核对预约码；他人代约的请到窗口或取号机取号",
    "You have no such appointment at this hall; please check the code. If others booked for you, "
    "ask at a window or kiosk",
)
_OTHER_ITEM = Text("预约的不是这个事项", "The appointment is for another item")
_DECISIONS = frozenset({TicketClass.OVERRIDE, TicketClass.GREEN_CHANNEL})


class Issued(NamedTuple):
    ticket: Ticket
    estimate: Estimate | None


async def issue(
    swap: SwapStatement, keyring: Keyring, caller: Caller, request: TicketRequest, now: datetime
) -> Issued:
    """A ticket that waits from now on, with its place and expected wait.

    Raises Invalid (naming the field), NotFound, and what `give` raises.
    """
    booked = await _booked(swap.direct, caller, request)
    wish = TicketWish(caller, request, booked and booked.appointment, now)
    counter = await counters.look(swap, keyring, wish)
    rules.ensure_served(request.items, [window.items for window in counter.hall.windows])
    if request.appointment_code is not None:
        _ensure_theirs(wish, counter.hall)
    if booked is not None:
        with_it = along(booked, counter.hall.booking_policy, now)
        wish = wish._replace(others=[one for one in with_it if one.item_code in request.items])
    return await give(counter, keyring, wish)


def along(booked: Seen, policy: BookingPolicy, now: datetime) -> list[Appointment]:
    """What the person has booked with that appointment and may check in for by now, by time."""
    found = booked.appointment
    mine = [leg.appointment for leg in booked.party if leg.appointment.id != found.id]
    able = [
        one
        for one in mine
        if one.person_no == found.person_no and booking.may_check_in(one, policy, now)
    ]
    return sorted(able, key=lambda one: one.starts_at)


async def _booked(direct: DirectPool, caller: Caller, request: TicketRequest) -> Seen | None:
    """The appointment of the code; None of a code that is none of the caller's."""
    if request.appointment_code is None:
        return None
    try:
        return await booking.seen_by(direct, request.appointment_code, caller)
    except NotFound:
        return None


def _ensure_theirs(wish: TicketWish, hall: SeenHall) -> None:
    """Raises AlreadyTicketed, which names the ticket that the appointment has; and NotFound, the
    same for a code that does not exist as for one that is not the caller's."""
    booked = wish.appointment
    if booked is None or booked.hall_code != wish.request.hall_code:
        raise NotFound(_NO_APPOINTMENT, pointer="/body/appointment_code")
    if booked.item_code not in wish.request.items:
        raise Invalid(_OTHER_ITEM, pointer="/body/items")
    ensure_no_ticket(booked, hall)


def ensure_no_ticket(booked: Appointment, hall: SeenHall) -> None:
    """Raises AlreadyTicketed where the appointment has a live ticket."""
    if hall.other is not None and hall.other.appointment_id == booked.id:
        raise already_ticketed(hall.other)


async def give(
    counter: Counter, keyring: Keyring, wish: TicketWish, version: int | None = None
) -> Issued:
    """The ticket, which one of the hall's windows serves.

    `version` is that of the appointment, where the caller insists on one. What is seen of the hall
    is guarded by the rows of that window, by the number, which is taken if it still is the next,
    and by the person's turn.

    Raises HallClosed, ItemClosed, TicketsNotYet, TicketsClosed, EvidenceRefused, AlreadyTicketed,
    or what checking the appointment in may raise.
    """
    hall, statement, now, booked = counter.hall, counter.statement, wish.now, wish.appointment
    hours = await _ensure_open(counter, wish)
    if booked is None:
        await limiting.ensure_open_to_walk_ins(counter, wish, hours)
    policy = priority.policy(hall.queue_policy)
    ticket = drafts.draft(
        keyring, wish.caller, wish.request, policy, booked, hall.person, hall.hall, now
    )
    _ensure_first(ticket, hall)
    _begin(ticket, wish, hall)

    async def known() -> Openings:
        return hours

    _keep_serving(statement, hall, ticket)
    ticket.number = rules.number_of(wish.letter, hall.last + 1)
    queries.take_number(
        statement, ticket.hall_code, ticket.service_day, wish.letter, seen=hall.last
    )
    _check_all_in(statement, ticket, wish, hall, version)
    people.take_seen_turns(statement, hall.person, hall.turns)
    estimate = await estimates.with_newcomer(counter.source, ticket, now, known, seq=hall.seq)
    if booked is None:
        await limiting.ensure_called_in_time(counter, wish, hours, estimate)
    _note_decision(statement, ticket, wish.caller, now)
    _admit(counter, ticket, estimate, wish.caller, now)
    await counter.write()
    return Issued(ticket, estimate)


async def _ensure_open(counter: Counter, wish: TicketWish) -> Openings:
    """The hours of the hall. Raises HallClosed, ItemClosed."""
    hall, booked, now = counter.hall, wish.appointment, wish.now
    calendar = await calendar_days.of_content(counter.source, hall.calendar)
    late = hall.late_hours(wish.request.items)
    hours = openings.hours_of(hall.hall, hall.closed, calendar, late)
    rules.ensure_open(hours, now, expected=booked is not None)
    unexpected = [item for item in wish.request.items if item not in wish.booked]
    served = {window.no: window.items for window in hall.windows}
    rules.ensure_item_open(openings.shut_item(hours, hall.closed, unexpected, served, now))
    return hours


def _begin(ticket: Ticket, wish: TicketWish, hall: SeenHall) -> None:
    """What the ticket is called for first: what is booked, else where the line is shortest."""
    items, booked = wish.request.items, wish.booked
    if len(items) == 1:
        return
    first = set(booked[:1])
    windows = [window for window in hall.floor if first <= window.items]
    leg = shortest_leg(items, windows, hall.lines, alone=first if wish.others else ())
    assert leg is not None  # as the caller has ensured
    ticket.item_code, ticket.items, ticket.pending = leg.items[0], leg.items, leg.pending


def _keep_serving(statement: SwapStatement, hall: SeenHall, ticket: Ticket) -> None:
    window = hall.serving(ticket.items)
    assert window is not None  # as the caller has ensured
    queueing.keep_serving(statement, ticket.hall_code, window.id, ticket.items)


def _check_in(
    statement: SwapStatement,
    ticket: Ticket,
    appointment: Appointment,
    hall: SeenHall,
    version: int | None,
    now: datetime,
) -> None:
    """Taking the ticket checks the appointment in."""
    if appointment.state is AppointmentState.CHECKED_IN:
        booking.keep_checked_in(statement, appointment, version=version)
    else:
        booking.check_in(statement, appointment, hall.booking_policy, now, version=version)
    ticket.appointment_id = appointment.id


def _check_all_in(
    statement: SwapStatement,
    ticket: Ticket,
    wish: TicketWish,
    hall: SeenHall,
    version: int | None,
) -> None:
    """All that the person has booked and comes for, in the order of locking appointments."""
    booked, now = wish.appointment, wish.now
    if booked is None:
        return
    for one in sorted((booked, *wish.others), key=lambda one: one.id):
        if one is booked:
            _check_in(statement, ticket, booked, hall, version, now)
        else:
            booking.check_in(statement, one, hall.booking_policy, now, follows=True)


def _ensure_first(ticket: Ticket, hall: SeenHall) -> None:
    """Raises AlreadyTicketed when the person, or the same evidence, holds a place already."""
    if (theirs := hall.other) is not None:
        if ticket.owner is None:  # To the staff and devices who ask for somebody it is not named.
            raise AlreadyTicketed(_THEIR_OTHER)
        named = person_of(ticket).owns(theirs)
        raise already_ticketed(theirs) if named else AlreadyTicketed(_PHONE_SHARED)
    if hall.is_proof_used:
        raise AlreadyTicketed(_PROOF_IN_USE)


def _note_decision(statement: SwapStatement, ticket: Ticket, caller: Caller, now: datetime) -> None:
    """A credit that somebody decided on is audited."""
    if ticket.ticket_class in _DECISIONS:
        given = {"minutes": ticket.credit_minutes, "class": ticket.ticket_class.value}
        what = f"ticket:{ticket.id}"
        audit_log.promise(statement, caller.sub, "ticket.credit_given", what, now, given)


def _admit(
    counter: Counter,
    ticket: Ticket,
    estimate: Estimate | None,
    caller: Caller,
    now: datetime,
) -> None:
    """Write the ticket, its log entry with what was predicted, and its event.

    The unique indexes have the last word: who has seen all tickets is refused by them, others
    decide anew.
    """
    statement = counter.statement
    statement.insert(ticket)
    for index in LIVE_INDEXES:
        statement.refusing(index, AlreadyTicketed if counter.is_locked else Overtaken)
    entry = Entry(
        action="issue",
        event="issued",
        actor=caller.sub,
        at=now,
        predicted_p50=estimate.p50_minutes if estimate else None,
        predicted_p85=estimate.p85_minutes if estimate else None,
    )
    event_log.append(statement, (ticket, entry))
