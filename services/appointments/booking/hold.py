"""From a request to held places: who it is for, under which terms, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.appointments.booking import (
    admitting,
    contacts,
    limits,
    refusing,
    runs,
    views,
    visiting,
    whom,
)
from services.appointments.booking.batching import BookingRequest, BookingResult
from services.appointments.booking.contacts import SealedContact
from services.appointments.booking.context import BookingContext, Terms, ensure_offered, expiry
from services.appointments.booking.events import AppointmentHeld
from services.appointments.booking.placing import WantedVisit
from services.appointments.booking.rules import BookingOutcome, Draft
from services.appointments.booking.schemas import AppointmentView, HoldRequest
from services.appointments.booking.statement import known_answer
from services.appointments.booking.visit_rows import Booking
from services.appointments.booking.visiting import Held
from services.appointments.booking.whom import BookedPerson
from services.appointments.slots.rules import SlotFacts
from shared.errors import Problem
from shared.messaging import outbox
from shared.messaging.outbox import OutboxRow
from shared.security.identity import Caller
from shared.web.idempotency import Claim, KeyReused


@dataclass(frozen=True)
class _Asked:
    """What is asked for whom, under which terms."""

    item: str
    person: BookedPerson
    caller: Caller
    claim: Claim | None
    terms: Terms
    now: datetime


async def hold(
    context: BookingContext,
    request: HoldRequest,
    caller: Caller,
    claim: Claim | None,
    now: datetime,
) -> Held:
    """Holds the places for the caller, or for the person whom staff or a device name.

    Where they are full, in others of that time, or where somebody can be moved to others.
    Raises Invalid, SlotTaken, SlotNotOnSale, NoSuchTime, NotEnoughTime, AlreadyBooked,
    BookingBarred, OverlappingAppointment, TooManyAppointments, NotAdmitted, MoreThanJoined,
    KeyReused.
    """
    if not request.is_plain:
        return await visiting.hold_visit(context, request, caller, claim, now)
    person = whom.booked_person(request, caller, context.keyring)
    await whom.bring_over(context, request.citizen, caller)
    [item] = request.wanted_items
    named = await _run(context, request, item, caller)
    terms = await context.terms(named[0].hall_code, item)
    offer = ensure_offered(terms, named[0].on_date, pointer="/body/item_code")
    run = await context.whole_run(named, offer, now)
    if claim is None and (refusal := context.sold_out([slot.id for slot in run], item)):
        raise refusal
    asked = _Asked(item, person, caller, claim, terms, now)
    if await admitting.is_pressing(context, run[0].hall_code, [item], run[0].starts_at):
        held = await _hold_in_turn(context, run, asked)
    else:
        held = await _hold_run(context, run, asked) or await _hold_elsewhere(context, run, asked)
    if held is None:
        raise await refusing.refusal(context, run, item, now)
    return held


async def _hold_run(
    context: BookingContext, run: Sequence[SlotFacts], asked: _Asked
) -> Held | None:
    """In these slots; None where they are full. Raises what else stands against it."""
    claim = asked.claim
    booking = BookingRequest(
        draft=lambda: _draft(context, run, asked),
        slots=[slot.id for slot in run],
        now=asked.now,
        person=asked.person.known.citizen_key,
        key=(claim.caller, claim.key) if claim else None,
    )
    result = await context.batcher.hold(booking)
    if result.outcome is BookingOutcome.HELD and result.answer:
        context.direct.wake()
        return Held(result.answer, replayed=False)
    if result.outcome is BookingOutcome.KNOWN:
        return _replay(result, claim)
    person, caller, now = asked.person.known, asked.caller, asked.now
    if nameless := refusing.LIMITED.get(result.outcome):
        what = limits.wanted(run, asked.item, asked.terms.caps)
        raise await refusing.limited(context, nameless, person, what, caller, now)
    if result.outcome is BookingOutcome.BARRED:
        raise await refusing.barred(context, person, run[0].hall_code, caller, now)
    return None


async def _hold_elsewhere(
    context: BookingContext, run: Sequence[SlotFacts], asked: _Asked
) -> Held | None:
    """In others of that time: with all who ask where there is room, else where somebody is moved;
    None where there is no place."""
    if context.sold_out([slot.id for slot in run], asked.item):
        return None
    visit = visiting.in_stead(run, asked.item)
    place = await visiting.place_for(context, visit, asked.now)
    if place is None:
        return None
    if not place.moved:
        others = await context.slots([slot.id for slot in place.legs[0].slots])
        if held := await _hold_run(context, others, asked):
            return held
    return await _book(context, visit, asked)


async def _hold_in_turn(
    context: BookingContext, run: Sequence[SlotFacts], asked: _Asked
) -> Held | None:
    """Wherever there is a place at that time, by an admission; None where there is none."""
    visit = visiting.in_stead(run, asked.item)
    try:
        held = await _book(context, visit, asked)
    except Problem:
        # The same request may have been what used it.
        if known := await _known(context, asked):
            return known
        raise
    # Or what took the last place.
    return held or await _known(context, asked)


async def _known(context: BookingContext, asked: _Asked) -> Held | None:
    """What the same request was answered."""
    answer = asked.claim and await known_answer(context.direct, asked.claim)
    return Held(answer, replayed=True) if answer else None


async def _book(context: BookingContext, visit: WantedVisit, asked: _Asked) -> Held | None:
    terms = {asked.item: asked.terms}
    booking = Booking(visit, terms, asked.person, asked.caller, asked.claim, asked.now)
    return await visiting.book(context, booking)


async def _run(
    context: BookingContext, request: HoldRequest, item: str, caller: Caller
) -> list[SlotFacts]:
    found = await context.slots(request.wanted)
    return runs.ensure_run(whom.open_to(caller, found), request.wanted, item)


def _draft(context: BookingContext, run: Sequence[SlotFacts], asked: _Asked) -> Draft:
    item, person, caller, claim = asked.item, asked.person, asked.caller, asked.claim
    terms, now = asked.terms, asked.now
    view = views.held(run, item, terms, now)
    event = held_event(view, expiry(terms, now))
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


def held_event(view: AppointmentView, expires_at: datetime) -> OutboxRow:
    """The event of the hold, as the statement writes it."""
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
