"""From a request to held places: who it is for, under which terms, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.appointments.booking import contacts, limits, refusing, runs, views, visiting, whom
from services.appointments.booking.batching import BookingRequest, BookingResult
from services.appointments.booking.contacts import SealedContact
from services.appointments.booking.context import BookingContext, Terms, ensure_offered, expiry
from services.appointments.booking.events import AppointmentHeld
from services.appointments.booking.rules import BookingOutcome, Draft
from services.appointments.booking.schemas import AppointmentView, HoldRequest
from services.appointments.booking.visiting import Held
from services.appointments.booking.whom import BookedPerson
from services.appointments.slots.rules import SlotFacts
from shared.messaging import outbox
from shared.messaging.outbox import OutboxRow
from shared.security.identity import Caller
from shared.web.idempotency import Claim, KeyReused


async def hold(
    context: BookingContext,
    request: HoldRequest,
    caller: Caller,
    claim: Claim | None,
    now: datetime,
) -> Held:
    """Holds the places for the caller, or for the person whom staff or a device name.

    Where they are full, in others of that time, or where somebody can be moved to others.
    Raises Invalid, rules.SlotTaken, SlotNotOnSale, NotEnoughTime, AlreadyBooked, BookingBarred,
    limits.OverlappingAppointment, TooManyAppointments or KeyReused.
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
    wanted = [slot.id for slot in run]
    if claim is None and (refusal := context.sold_out(wanted, item)):
        raise refusal
    booking = BookingRequest(
        draft=lambda: _draft(context, run, item, person, caller, claim, terms, now),
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
    await _ensure_allowed(context, result.outcome, run, person, caller, terms, now)
    return await _hold_by_moving(context, run, item, person, caller, claim, terms, now)


async def _ensure_allowed(
    context: BookingContext,
    outcome: BookingOutcome,
    run: Sequence[SlotFacts],
    person: BookedPerson,
    caller: Caller,
    terms: Terms,
    now: datetime,
) -> None:
    """Raises what stands against it, if it is not that the slots are full."""
    if terms.offer and (nameless := refusing.LIMITED.get(outcome)):
        what = limits.wanted(run, terms.offer.code, terms.caps)
        raise await refusing.limited(context, nameless, person.known, what, caller, now)
    if outcome is BookingOutcome.BARRED:
        raise await refusing.barred(context, person.known, run[0].hall_code, caller, now)


async def _hold_by_moving(
    context: BookingContext,
    run: Sequence[SlotFacts],
    item: str,
    person: BookedPerson,
    caller: Caller,
    claim: Claim | None,
    terms: Terms,
    now: datetime,
) -> Held:
    """The same where the slots are full: in others of that time, or where somebody is moved."""
    if not context.sold_out([slot.id for slot in run], item):
        visit = visiting.in_stead(run, item)
        if await visiting.fits(context, visit, now):
            booking = visiting.Booking(visit, {item: terms}, person, caller, claim, now)
            if held := await visiting.book(context, booking):
                return held
    raise await refusing.refusal(context, run, item, now)


async def _run(
    context: BookingContext, request: HoldRequest, item: str, caller: Caller
) -> list[SlotFacts]:
    found = await context.slots(request.wanted)
    return runs.ensure_run(whom.seen_by(caller, found), request.wanted, item, whom.pools(caller))


def _draft(
    context: BookingContext,
    run: Sequence[SlotFacts],
    item: str,
    person: BookedPerson,
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
