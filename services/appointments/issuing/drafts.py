"""A ticket before it is issued: its class, credit and place in the queue. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.directory.models import Hall
from services.appointments.issuing import rules
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.people.rules import PERSON_DOCUMENT, Person
from services.appointments.priority.models import TicketClass
from services.appointments.priority.rules import (
    Standing,
    booked_standing,
    credit_of,
    reason_of,
    secret_of,
    standing,
)
from services.appointments.priority.schemas import IdNumberEvidence, Policy
from services.appointments.queueing.models import Ticket
from shared import clock
from shared.ids import new_id
from shared.security.crypto import Keyring
from shared.security.identity import Caller


def draft(
    keyring: Keyring,
    caller: Caller,
    request: TicketRequest,
    policy: Policy,
    appointment: Appointment | None,
    person: Person,
    hall: Hall,
    now: datetime,
) -> Ticket:
    """The person's ticket with its place in the queue. Raises EvidenceRefused or Invalid."""
    own_number = person.document is not None and person.document == document_of(keyring, request)
    place = _standing(caller, request, policy, appointment, now, own_number=own_number)
    ticket = _ticket(keyring, caller, request, policy, place, hall, now)
    ticket.citizen_key = person.citizen_key or None
    ticket.person_document, ticket.person_phone = person.document, person.phone
    return ticket


def document_of(keyring: Keyring, request: TicketRequest) -> str | None:
    """The digest of the ID number that was given."""
    return next(iter(documents_of(keyring, request)), None)


def documents_of(keyring: Keyring, request: TicketRequest) -> list[str]:
    """The same under each of the index keys, the newest first."""
    if not isinstance(request.evidence, IdNumberEvidence):
        return []
    return keyring.document_forms(request.evidence.value, where=PERSON_DOCUMENT)


def proofs_of(keyring: Keyring, request: TicketRequest) -> list[str]:
    """The digests of the evidence that may serve one ticket at a time, the newest first."""
    secret = secret_of(request.evidence)
    return keyring.document_forms(secret, where="ticket.evidence") if secret else []


def _standing(
    caller: Caller,
    request: TicketRequest,
    policy: Policy,
    appointment: Appointment | None,
    now: datetime,
    *,
    own_number: bool,
) -> Standing:
    wanted = rules.class_of(request)
    if wanted is TicketClass.APPOINTMENT and appointment is not None:
        other = 0
    else:
        today = clock.today(now)
        other = credit_of(
            wanted,
            request.evidence,
            policy,
            roles=caller.roles,
            day=today,
            own_number=own_number,
        )
    if appointment is None:
        return standing(now, other)
    checked_in = appointment.state is AppointmentState.CHECKED_IN
    # Of one that was checked in by the release before, only the last change is known.
    there_at = appointment.checked_in_at or appointment.changed_at
    checked_in_at = there_at if checked_in else None
    return booked_standing(now, appointment.starts_at, other, policy, checked_in_at)


def _ticket(
    keyring: Keyring,
    caller: Caller,
    request: TicketRequest,
    policy: Policy,
    place: Standing,
    hall: Hall,
    now: datetime,
) -> Ticket:
    visit = new_id()
    return Ticket(
        id=visit,
        hall_code=request.hall_code,
        service_day=now.astimezone(ZoneInfo(hall.timezone)).date(),
        number="",
        visit_id=visit,
        item_code=request.items[0],
        items=request.items,
        ticket_class=rules.class_of(request),
        credit_minutes=place.credit_minutes,
        credit_reason=reason_of(request.evidence),
        evidence_index=next(iter(proofs_of(keyring, request)), None),
        policy_version=policy.version,
        owner=caller.sub if caller.has("citizen") else None,
        issued_at=now,
        ready_at=place.ready_at,
        due_at=place.due_at,
        state_since=now,
    )
