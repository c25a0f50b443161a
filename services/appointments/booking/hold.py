"""From a request to held places: who it is for, under which terms, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from services.appointments.booking import contacts, limits, queries, rules, runs, views
from services.appointments.booking.batching import BookingRequest, BookingResult
from services.appointments.booking.contacts import Contact, SealedContact
from services.appointments.booking.context import BookingContext, Terms, ensure_offered, expiry
from services.appointments.booking.events import AppointmentHeld
from services.appointments.booking.limits import (
    OverlappingAppointment,
    TooManyAppointments,
    Wanted,
)
from services.appointments.booking.rules import AlreadyBooked, BookingBarred, BookingOutcome, Draft
from services.appointments.booking.schemas import (
    AppointmentView,
    HoldRequest,
    PersonIn,
)
from services.appointments.people import service as people
from services.appointments.people.rules import (
    PERSON_DOCUMENT,
    PERSON_PHONE,
    Person,
    account_key,
    stale_of,
)
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import SlotFacts
from shared.errors import Conflict, Invalid, Problem, Text
from shared.messaging import outbox
from shared.messaging.outbox import OutboxRow
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.idempotency import Claim, KeyReused

PHONE, ID_NUMBER = "citizen.phone", "citizen.id_number"
_CITIZEN_POOLS = frozenset({Pool.ONLINE})
_STAFF_POOLS = frozenset(Pool)
_LIMITED: dict[BookingOutcome, type[Conflict]] = {
    BookingOutcome.CAPPED: AlreadyBooked,
    BookingOutcome.OVERLAPPING: OverlappingAppointment,
    BookingOutcome.OVER_CAP: TooManyAppointments,
}


class Held(NamedTuple):
    """The answer as it was stored, and whether it was given before."""

    answer: str
    replayed: bool


@dataclass(frozen=True)
class _Person:
    """For whom: by what they are known, the sealed contact of who has no account, and what the
    appointment itself names them by."""

    known: Person
    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    contact: Contact | None = None


async def hold(
    context: BookingContext,
    request: HoldRequest,
    caller: Caller,
    claim: Claim | None,
    now: datetime,
) -> Held:
    """Holds the places for the caller, or for the person whom staff or a device name.

    Raises Invalid, rules.SlotTaken, SlotNotOnSale, NotEnoughTime, AlreadyBooked, BookingBarred,
    limits.OverlappingAppointment, TooManyAppointments or KeyReused.
    """
    person = _person(request, caller, context.keyring)
    await _bring_over(context, request.citizen, caller)
    named = await _run(context, request, caller)
    terms = await context.terms(named[0].hall_code, request.item_code)
    offer = ensure_offered(terms, named[0].on_date, pointer="/body/item_code")
    run = await context.whole_run(named, offer, now)
    wanted = [slot.id for slot in run]
    if claim is None and (refusal := context.sold_out(wanted, request.item_code)):
        raise refusal
    booking = BookingRequest(
        draft=lambda: _draft(context, run, request.item_code, person, caller, claim, terms, now),
        slots=wanted,
        now=now,
        person=person.known.citizen_key,
        key=(claim.caller, claim.key) if claim else None,
    )
    result = await context.batcher.hold(booking)
    if result.outcome is BookingOutcome.HELD and result.answer:
        context.direct.wake()
        return Held(result.answer, replayed=False)
    if result.outcome is BookingOutcome.KNOWN:
        return _replay(result, claim)
    if result.outcome in _LIMITED:
        what = limits.wanted(run, request.item_code, terms.caps)
        raise await _limited(context, result.outcome, person.known, what, caller, now)
    if result.outcome is BookingOutcome.BARRED:
        raise await _barred(context, person.known, run[0].hall_code, caller, now)
    raise await _refusal(context, run, request.item_code, now)


async def _run(context: BookingContext, request: HoldRequest, caller: Caller) -> list[SlotFacts]:
    found = await context.slots(request.wanted)
    staff = caller.has("clerk", "hall_manager", "device")
    if staff:
        # A slot of another hall does not exist for these staff.
        found = [slot for slot in found if caller.at(slot.hall_code)]
    pools = _STAFF_POOLS if staff else _CITIZEN_POOLS
    return runs.ensure_run(found, request.wanted, request.item_code, pools)


def _person(request: HoldRequest, caller: Caller, keyring: Keyring) -> _Person:
    """A contact that somebody leaves is no proof: it is what they are reached at, and nothing of
    another's is found or counted by it."""
    named, contact = request.citizen, request.contact
    if not caller.has("clerk", "hall_manager", "device"):
        if named is not None:
            raise Invalid(
                Text("为自己预约时不用填写", "Leave this out when you book for yourself"),
                pointer="/body/citizen",
            )
        left = None if contact is None else Contact(contact.name, contact.phone)
        return _Person(Person(account_key(caller.sub)), contact=left)
    if contact is not None:
        raise Invalid(
            Text(
                "替他人预约时，姓名和电话请填在办事人一栏",
                "When you book for somebody, give their name and phone with the person",
            ),
            pointer="/body/contact",
        )
    return _named(named, keyring)


def _named(named: PersonIn | None, keyring: Keyring) -> _Person:
    if named is None:
        raise Invalid(
            Text("请填写为谁预约", "Say for whom you are booking"), pointer="/body/citizen"
        )
    key, document = "tel:" + keyring.phone_index(named.phone, where=PHONE), None
    if named.id_number:
        key = "id:" + keyring.document_index(named.id_number, where=ID_NUMBER)
        document = keyring.document_index(named.id_number, where=PERSON_DOCUMENT)
    return _Person(
        Person(key, document, keyring.phone_index(named.phone, where=PERSON_PHONE)),
        keyring.seal(named.name, where="citizen.name", row=key),
        keyring.seal(named.phone, where=PHONE, row=key),
        keyring.seal(named.id_number, where=ID_NUMBER, row=key) if named.id_number else None,
        Contact(named.name, named.phone),
    )


async def _bring_over(context: BookingContext, named: PersonIn | None, caller: Caller) -> None:
    """What the person has is found, though it was booked before the index key was changed."""
    if not context.keyring.is_chained or await people.all_lifted(context.direct):
        return
    if named is None:
        await people.of_account_direct(context.direct, caller.sub)
        return
    keyring, number = context.keyring, named.id_number
    keys = [f"tel:{form}" for form in keyring.phone_forms(named.phone, where=PHONE)]
    documents: list[str] = []
    if number:
        keys = [f"id:{form}" for form in keyring.document_forms(number, where=ID_NUMBER)]
        documents = keyring.document_forms(number, where=PERSON_DOCUMENT)
    phones = keyring.phone_forms(named.phone, where=PERSON_PHONE)
    await people.bring_over(context.direct, stale_of(keys, documents, phones))


def _draft(
    context: BookingContext,
    run: Sequence[SlotFacts],
    item: str,
    person: _Person,
    caller: Caller,
    claim: Claim | None,
    terms: Terms,
    now: datetime,
) -> Draft:
    view = views.held(run, item, terms, now)
    event = _event(view, expiry(terms, now))
    return Draft(
        id=view.id,
        code=view.code,
        hall_code=view.hall_code,
        item_code=item,
        pool=view.pool.value,
        citizen_key=person.known.citizen_key,
        person_document=person.known.document,
        person_phone=person.known.phone,
        booked_by=caller.sub,
        on_date=run[0].on_date,
        starts_at=view.starts_at,
        minutes=view.minutes,
        guide_version=view.guide_version,
        policy_version=view.policy_version,
        **{f"cap_{name}": most for name, most in terms.caps._asdict().items()},
        expires_at=expiry(terms, now),
        **_claimed(claim),
        answer=view.model_dump_json(),
        event_id=event.event_id,
        event_subject=event.subject,
        event_body=event.body,
        traceparent=event.traceparent,
        name_sealed=person.name,
        phone_sealed=person.phone,
        id_number_sealed=person.id_number,
        **_own(contacts.sealed(context.keyring, view.id, person.contact)),
    )


def _own(contact: SealedContact) -> dict[str, Any]:
    return {f"own_{name}": cell for name, cell in contact._asdict().items()}


def _claimed(claim: Claim | None) -> dict[str, Any]:
    kept = (claim.key, claim.route, claim.request_hash) if claim else (None, None, None)
    return dict(zip(("idem_key", "idem_route", "idem_hash"), kept, strict=True))


def _event(view: AppointmentView, expires_at: datetime) -> OutboxRow:
    event = AppointmentHeld(
        appointment_id=view.id,
        hall_code=view.hall_code,
        item_code=view.item,
        pool=view.pool,
        starts_at=view.starts_at,
        minutes=view.minutes,
        version=view.version,
        expires_at=expires_at,
    )
    return outbox.row(event, scope=view.hall_code, subject=str(view.id))


def _replay(result: BookingResult, claim: Claim | None) -> Held:
    """What the same request was answered before. Raises KeyReused if it was another one."""
    if claim is None or result.request_hash != claim.request_hash or result.answer is None:
        raise KeyReused
    return Held(result.answer, replayed=True)


async def _limited(
    context: BookingContext,
    outcome: BookingOutcome,
    person: Person,
    what: Wanted,
    caller: Caller,
    now: datetime,
) -> Problem:
    """What stands against it, named to those who may see it; nameless if it is gone by now."""
    me = await people.of_account_direct(context.direct, caller.sub)
    theirs = await queries.theirs(context.direct, me if caller.has("citizen") else person)
    may_see = partial(rules.may_see, me, caller)
    found = limits.refusal(theirs, what, now, may_see, is_own=caller.has("citizen"))
    return found or _LIMITED[outcome]()


async def _barred(
    context: BookingContext, person: Person, hall: str, caller: Caller, now: datetime
) -> BookingBarred:
    """The refusal; it names the penalty to those who may see it."""
    me = await people.of_account_direct(context.direct, caller.sub)
    whose = me if caller.has("citizen") else person
    penalty = await queries.barring(context.direct, whose, hall, now)
    if penalty is None or caller.has("device") or not rules.may_see(me, caller, penalty):
        return BookingBarred()
    return rules.barred(penalty)


async def _refusal(
    context: BookingContext, run: Sequence[SlotFacts], item: str, now: datetime
) -> Problem:
    """Full or not on sale, which is looked up once for all who ask together."""
    wanted = [slot.id for slot in run]
    return await context.refusal(wanted, item, lambda: _why_refused(context, run, item, now))


async def _why_refused(
    context: BookingContext, run: Sequence[SlotFacts], item: str, now: datetime
) -> Problem:
    """Full or not on sale, with the nearest other times."""
    others = await slots.alternatives(context.direct, run, item, now)
    closed = await queries.why_not_on_sale(context.direct, [slot.id for slot in run], now)
    if closed is not None:
        return rules.not_on_sale(closed.state, closed.opens_at, others)
    return rules.slot_taken(others)
