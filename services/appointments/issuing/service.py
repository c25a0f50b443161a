"""Issues tickets: on arrival, with an appointment or without."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.estimates import service as estimates
from services.appointments.estimates.schemas import Estimate
from services.appointments.issuing import drafts, limiting, queries, rules, seen
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.seen import SeenHall
from services.appointments.people import service as people
from services.appointments.people.rules import Person, account_key, person_of, stale_of
from services.appointments.priority import service as priority
from services.appointments.priority.models import TicketClass
from services.appointments.queueing import event_log
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import LIVE_INDEXES, Ticket
from services.appointments.queueing.rules import AlreadyTicketed, already_ticketed
from services.appointments.queueing.schemas import Entry
from services.appointments.schedules import openings
from shared.database import calendar_days
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller

_NO_HALL = Text("没有这个大厅", "There is no such hall")
_PROOF_IN_USE = Text(
    "这份凭证在本大厅已取过号，办完或放弃后才能再用",
    "This proof holds a place in the hall already; it can be used again when that one has ended",
)
_THEIR_OTHER = Text(
    "同一人已为这个事项取过号，请凭那张号办理，或先放弃",
    "The person has a ticket for this already; go on with it, or give it up first",
)
_OTHER_HALL = Text("请在您所在的大厅取号", "Please issue tickets in your own hall")
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
    session: AsyncSession, keyring: Keyring, caller: Caller, request: TicketRequest, now: datetime
) -> Issued:
    """A ticket that waits from now on, with its place and expected wait.

    Raises Invalid (naming the field), NotFound, and what `give` raises.
    """
    hall = await hall_of(session, caller, request, now)
    rules.ensure_served(request.items, hall.windows)
    appointment = await _appointment(session, caller, request)
    return await give(session, keyring, caller, request, hall, appointment, now)


async def hall_of(
    session: AsyncSession, caller: Caller, request: TicketRequest, now: datetime
) -> SeenHall:
    """Citizens take tickets anywhere; staff and devices only in their own hall."""
    account = account_key(caller.sub) if caller.has("citizen") else None
    hall = await seen.find(session, request.hall_code, account, now)
    if hall is None:
        raise Invalid(_NO_HALL, pointer="/body/hall_code")
    if account is None and not caller.at(request.hall_code):
        raise NotFound(_OTHER_HALL, pointer="/body/hall_code")
    return hall


async def give(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    request: TicketRequest,
    hall: SeenHall,
    appointment: Appointment | None,
    now: datetime,
    version: int | None = None,
) -> Issued:
    """The ticket, which one of the hall's windows serves.

    `version` is that of the appointment, where the caller insists on one.

    Raises HallClosed, ItemClosed, TicketsClosed, EvidenceRefused, AlreadyTicketed, or what checking
    the appointment in may raise.
    """
    hours = openings.hours_of(hall.hall, hall.closed, await calendar_days.load(session))
    rules.ensure_open(hours, now, expected=appointment is not None)
    unexpected = [i for i in request.items if appointment is None or i != appointment.item_code]
    rules.ensure_item_open(openings.shut_item(hours, hall.closed, unexpected, now))
    limits = [] if appointment else limiting.of_walk_in(hall.booking_policy, request)
    rules.ensure_not_last(hours, limits, now)
    person = await _person(session, keyring, caller, request, appointment, hall)
    proofs, policy = drafts.proofs_of(keyring, request), priority.policy(hall.queue_policy)
    ticket = drafts.draft(keyring, caller, request, policy, appointment, person, hall.hall, now)
    await _ensure_first(session, ticket, proofs)
    estimate = await estimates.with_newcomer(session, ticket, now)
    statement = SwapStatement()
    if appointment is not None:
        _check_in(statement, ticket, appointment, hall, version, now)
    await _number(session, ticket)
    await limiting.ensure_room(session, ticket, hours, limits, now)
    # Once more: the number is held until the commit, so others of this very moment are seen.
    await _ensure_first(session, ticket, proofs)
    await _note_decision(session, ticket, caller, now)
    _admit(statement, ticket, estimate, caller, now)
    await statement.write_in(session)
    return Issued(ticket, estimate)


async def _appointment(
    session: AsyncSession, caller: Caller, request: TicketRequest
) -> Appointment | None:
    """The appointment of the code, not yet checked in.

    Raises AlreadyTicketed, which names the ticket that it has; and NotFound, the same for a code
    that does not exist as for one that is not the caller's.
    """
    if request.appointment_code is None:
        return None
    unknown = NotFound(_NO_APPOINTMENT, pointer="/body/appointment_code")
    try:
        found = await booking.visible(session, request.appointment_code, caller)
    except NotFound:
        raise unknown from None
    if found.hall_code != request.hall_code:
        raise unknown
    if found.item_code not in request.items:
        raise Invalid(_OTHER_ITEM, pointer="/body/items")
    live = await queries.live_by_appointment(session, found.id)
    if live is not None:
        raise already_ticketed(live)
    return found


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


async def _person(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    request: TicketRequest,
    appointment: Appointment | None,
    hall: SeenHall,
) -> Person:
    """Whose ticket it is: whose account, who booked, or whose ID number staff or a device saw."""
    if caller.has("citizen"):
        return await people.current(session, hall.person)
    documents = drafts.documents_of(keyring, request)
    await people.bring_over(session, stale_of((), documents, ()))
    shown = next(iter(documents), None)
    if appointment is not None:
        booked = person_of(appointment)
        return booked._replace(document=booked.document or shown)
    return Person("", document=shown)


async def _ensure_first(session: AsyncSession, ticket: Ticket, proofs: Sequence[str]) -> None:
    """Raises AlreadyTicketed when the person, or the same evidence, holds a place already."""
    if (theirs := await queueing.other_of_person(session, ticket)) is not None:
        # To the staff and devices who ask for somebody it is not named.
        named = ticket.owner is not None and person_of(ticket).owns(theirs)
        raise already_ticketed(theirs) if named else AlreadyTicketed(_THEIR_OTHER)
    if proofs and await queries.live_by_evidence(session, ticket.hall_code, proofs):
        raise AlreadyTicketed(_PROOF_IN_USE)


async def _number(session: AsyncSession, ticket: Ticket) -> None:
    letter = rules.LETTER_BOOKED if ticket.appointment_id else rules.LETTER_WALK_IN
    count = await queries.next_number(session, ticket.hall_code, ticket.service_day, letter)
    ticket.number = rules.number_of(letter, count)


async def _note_decision(
    session: AsyncSession, ticket: Ticket, caller: Caller, now: datetime
) -> None:
    """A credit that somebody decided on is audited."""
    if ticket.ticket_class in _DECISIONS:
        given = {"minutes": ticket.credit_minutes, "class": ticket.ticket_class.value}
        await audit_log.write(
            session, caller.sub, "ticket.credit_given", f"ticket:{ticket.id}", now, given
        )


def _admit(
    statement: SwapStatement,
    ticket: Ticket,
    estimate: Estimate | None,
    caller: Caller,
    now: datetime,
) -> None:
    """Write the ticket, its log entry with what was predicted, and its event.

    Raises AlreadyTicketed when it is written: the unique indexes have the last word.
    """
    statement.insert(ticket)
    for index in LIVE_INDEXES:
        statement.refusing(index, AlreadyTicketed)
    entry = Entry(
        action="issue",
        event="issued",
        actor=caller.sub,
        at=now,
        predicted_p50=estimate.p50_minutes if estimate else None,
        predicted_p85=estimate.p85_minutes if estimate else None,
    )
    event_log.append(statement, (ticket, entry))
