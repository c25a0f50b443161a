"""A visit held: several people and items, or one for whom somebody else is moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from services.appointments.booking import (
    contacts,
    limits,
    placing,
    queries,
    refusing,
    runs,
    views,
    whom,
)
from services.appointments.booking.around import Around
from services.appointments.booking.context import BookingContext, Terms, ensure_offered, expiry
from services.appointments.booking.events import AppointmentHeld
from services.appointments.booking.finding import Party
from services.appointments.booking.limits import Wanted
from services.appointments.booking.models import Appointment, AppointmentSlot, Citizen
from services.appointments.booking.placing import PlacedLeg, Placement, WantedVisit
from services.appointments.booking.publishing import of_change
from services.appointments.booking.rules import Place
from services.appointments.booking.schemas import HoldRequest
from services.appointments.booking.seen import SeenLeg
from services.appointments.booking.statement import known_answer, store_answer
from services.appointments.booking.whom import BookedPerson
from services.appointments.people import service as people
from services.appointments.people.rules import Person
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import SlotFacts
from services.appointments.slots.visits import Need, Visit
from shared import ids
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Conflict, Invalid, Problem, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.idempotency import Claim

_KEY = "pk_idempotency"
NOWHERE = Placement([], [])
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_STAFF_ONLY = Text("这类号源由工作人员代约", "These places are given by staff")
_ONE_HALL = Text("几个时段须在同一大厅", "The slots must be of one hall")


class Held(NamedTuple):
    """The answer as it was stored, and whether it was given before."""

    answer: str
    replayed: bool


@dataclass
class Booking:
    """What is booked for whom, under which terms; `answer` once it is written."""

    visit: WantedVisit
    terms: Mapping[str, Terms]
    person: BookedPerson
    caller: Caller
    claim: Claim | None
    now: datetime
    answer: str = field(default="", init=False)


class _NotAllowed(Exception):
    """Something stands against it that is looked up in words: a limit, or a penalty (None)."""

    def __init__(self, what: Wanted, nameless: type[Conflict] | None) -> None:
        self.what, self.nameless = what, nameless


def in_stead(run: Sequence[SlotFacts], item: str, now: datetime) -> WantedVisit:
    """As long a time as the run, from then on, wherever it is."""
    first, minutes = run[0], sum(slot.minutes for slot in run)
    visit = Visit(((Need(item, minutes),),), len(run))
    return WantedVisit(first.hall_code, first.sold_as(now), first.starts_at, visit)


async def place_for(context: BookingContext, visit: WantedVisit, now: datetime) -> Placement | None:
    """Where there was a place for it a moment ago, looked up once for all who ask together."""

    async def find() -> Placement:
        seen = await placing.look(context, visit, Person(""), now)
        return placing.placed(visit, seen) or NOWHERE

    found = await context.place_for(visit, find)
    return found if found.legs else None


async def hold_visit(
    context: BookingContext,
    request: HoldRequest,
    caller: Caller,
    claim: Claim | None,
    now: datetime,
) -> Held:
    """Holds places for all of them, or none. Raises what `hold.hold` raises."""
    person = whom.booked_person(request, caller, context.keyring)
    await whom.bring_over(context, request.citizen, caller)
    hall, pool, starts_at, on_date = await _when(context, request, caller, now)
    terms = {item: await context.terms(hall, item) for item in request.wanted_items}
    offers = {
        item: ensure_offered(terms[item], on_date, pointer=_named(request, place))
        for place, item in enumerate(terms)
    }
    party = Party(request.wanted_items, request.persons)
    visit = WantedVisit(hall, pool, starts_at, party.wish(offers).visit)
    booking = Booking(visit, terms, person, caller, claim, now)
    try:
        held = await book(context, booking)
    except Problem:
        if claim and (answer := await known_answer(context.direct, claim)):
            return Held(answer, replayed=True)
        raise
    if held is not None:
        return held
    if claim and (answer := await known_answer(context.direct, claim)):
        return Held(answer, replayed=True)
    raise await refusing.no_room(context, visit, party, request.wanted, now)


def _named(request: HoldRequest, place: int) -> str:
    return "/body/item_code" if request.items is None else f"/body/items/{place}"


class _When(NamedTuple):
    hall_code: str
    pool: Pool
    starts_at: datetime
    on_date: date


async def _when(
    context: BookingContext, request: HoldRequest, caller: Caller, now: datetime
) -> _When:
    """Where and when it begins: as said, or with the first of the slots. Raises Invalid."""
    if request.starts_at is not None and request.hall_code is not None:
        zone = await slots.hall_zone(context.direct, request.hall_code)
        if zone is None or (caller.has(*whom.STAFF) and not caller.at(request.hall_code)):
            raise Invalid(_NO_HALL, pointer="/body/hall_code")
        pool = request.pool or Pool.ONLINE
        if pool is not Pool.ONLINE and not caller.has(*whom.STAFF):
            raise Invalid(_STAFF_ONLY, pointer="/body/pool")
        on_date = request.starts_at.astimezone(ZoneInfo(zone)).date()
        return _When(request.hall_code, pool, request.starts_at, on_date)
    found = whom.open_to(caller, await context.slots(request.wanted), now)
    named = runs.ensure_known(found, request.wanted)
    if len({(slot.hall_code, slot.sold_as(now)) for slot in named}) > 1:
        raise Invalid(_ONE_HALL, pointer="/body/slot_ids")
    first = min(named, key=lambda slot: slot.starts_at)
    return _When(first.hall_code, first.sold_as(now), first.starts_at, first.on_date)


async def book(context: BookingContext, booking: Booking) -> Held | None:
    """The visit with places for all of it; None where it does not fit.

    Raises AlreadyBooked, OverlappingAppointment, TooManyAppointments, BookingBarred, KeyReused.
    """
    visit, now = booking.visit, booking.now

    def write(statement: SwapStatement, placement: Placement, seen: Around) -> None:
        _ensure_allowed(booking, placement, seen)
        people.take_seen_turns(statement, seen.person, seen.turns)
        _write(statement, booking, placement, seen.person, context.keyring)

    try:
        placement = await placing.place(context, visit, booking.person.known, now, write)
    except _NotAllowed as refused:
        raise await _refusal(context, booking, refused) from None
    except asyncpg.UniqueViolationError as error:
        if booking.claim is None or error.constraint_name != _KEY:
            raise
        answer = await known_answer(context.direct, booking.claim)
        return Held(answer or booking.answer, replayed=True)
    if placement is None:
        return None
    context.direct.wake()
    return Held(booking.answer, replayed=False)


def _ensure_allowed(booking: Booking, placement: Placement, seen: Around) -> None:
    visit, first = booking.visit, placement.legs[0]
    caps = next(iter(booking.terms.values())).caps
    on_date = first.slots[0].on_date
    legs = len(placement.legs)
    what = Wanted(visit.items, on_date, visit.starts_at, placement.ends_at, caps, legs)
    if seen.is_barred:
        raise _NotAllowed(what, None)
    refusal = limits.refusal(seen.theirs, what, booking.now, lambda _: False)
    if refusal is not None:
        raise _NotAllowed(what, type(refusal))


async def _refusal(context: BookingContext, booking: Booking, refused: _NotAllowed) -> Problem:
    person, caller, now = booking.person.known, booking.caller, booking.now
    if refused.nameless is None:
        return await refusing.barred(context, person, booking.visit.hall_code, caller, now)
    return await refusing.limited(context, refused.nameless, person, refused.what, caller, now)


def _write(
    statement: SwapStatement,
    booking: Booking,
    placement: Placement,
    person: Person,
    keyring: Keyring,
) -> None:
    """The appointments with their places, events and contact, and the answer."""
    legs = _legs(booking, placement, person, keyring)
    for leg in legs:
        one = leg.appointment
        statement.insert(one)
        for place in leg.places:
            statement.insert(AppointmentSlot(appointment_id=one.id, slot_id=place.id))
        outbox.promise(statement, of_change(AppointmentHeld, one, expires_at=one.expires_at))
    # What else the person has was read: this was booked since.
    statement.refusing("uq_appointment_live", Overtaken)
    _meet(statement, booking)
    booking.answer = views.held_together(legs, keyring).model_dump_json()
    if booking.claim is not None:
        store_answer(statement, booking.claim, booking.answer)


def _meet(statement: SwapStatement, booking: Booking) -> None:
    """The contact of who has no account."""
    person = booking.person
    if person.name is not None and person.phone is not None:
        known = Citizen(
            key=person.known.citizen_key,
            name_sealed=person.name,
            phone_sealed=person.phone,
            id_number_sealed=person.id_number,
            updated_at=booking.now,
        )
        queries.meet(statement, known)


def _legs(
    booking: Booking, placement: Placement, person: Person, keyring: Keyring
) -> list[SeenLeg]:
    """A row for each leg, person by person and by time; the first one names the party."""
    ordered = sorted(placement.legs, key=lambda leg: (leg.person, leg.claim.starts_at))
    party = ids.new_id() if len(ordered) > 1 else None
    found: list[SeenLeg] = []
    numbers: dict[int, int] = {}
    for leg in ordered:
        numbers[leg.person] = numbers.get(leg.person, 0) + 1
        made = party if party and not found else ids.new_id()
        one = _appointment(booking, leg, made, person)
        one.party_id, one.leg_no = party, numbers[leg.person]
        for name, cell in contacts.sealed(keyring, made, booking.person.contact)._asdict().items():
            setattr(one, name, cell)
        found.append(SeenLeg(one, [Place(s.id, s.starts_at, s.minutes) for s in leg.slots]))
    return found


def _appointment(booking: Booking, leg: PlacedLeg, made: UUID, person: Person) -> Appointment:
    terms, now = booking.terms[leg.claim.item_code], booking.now
    return Appointment(
        id=made,
        code=ids.public_code("A"),
        hall_code=booking.visit.hall_code,
        item_code=leg.claim.item_code,
        pool=leg.slots[0].pool,
        citizen_key=person.citizen_key,
        person_document=person.document,
        person_phone=person.phone,
        booked_by=booking.caller.sub,
        on_date=leg.slots[0].on_date,
        starts_at=leg.claim.starts_at,
        minutes=leg.claim.minutes,
        person_no=leg.person,
        guide_version=terms.offer.guide_version if terms.offer else 0,
        policy_version=terms.policy_version,
        held_at=now,
        expires_at=expiry(terms, now),
        changed_at=now,
    )
