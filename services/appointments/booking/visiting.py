"""A visit held: several people and items, or one for whom somebody else is moved."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import asyncpg

from services.appointments.booking import (
    admitting,
    limits,
    placing,
    refusing,
    runs,
    views,
    whom,
)
from services.appointments.booking.around import Around
from services.appointments.booking.channels import GIVEN_BY, pools_of
from services.appointments.booking.context import BookingContext, ensure_offered
from services.appointments.booking.events import AppointmentHeld
from services.appointments.booking.finding import Party
from services.appointments.booking.limits import Wanted
from services.appointments.booking.models import AppointmentSlot
from services.appointments.booking.placing import Placement, WantedVisit
from services.appointments.booking.publishing import of_change
from services.appointments.booking.schemas import HoldRequest
from services.appointments.booking.seen import SeenLeg
from services.appointments.booking.statement import known_answer, store_answer
from services.appointments.booking.visit_rows import Booking, legs_of
from services.appointments.people import service as people
from services.appointments.people.rules import Person
from services.appointments.releases import service as releases
from services.appointments.releases.rules import SeenRelease
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import SlotFacts
from services.appointments.slots.visits import Need, Visit
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
_ONE_HALL = Text("几个时段须在同一大厅", "The slots must be of one hall")


class Held(NamedTuple):
    """The answer as it was stored, and whether it was given before."""

    answer: str
    replayed: bool


class _NotAllowed(Exception):
    """Something stands against it that is looked up in words: a limit, or a penalty (None)."""

    def __init__(self, what: Wanted, nameless: type[Conflict] | None) -> None:
        self.what, self.nameless = what, nameless


def in_stead(run: Sequence[SlotFacts], item: str) -> WantedVisit:
    """As long a time as the run, from then on, wherever it is."""
    first, minutes = run[0], sum(slot.minutes for slot in run)
    visit = Visit(((Need(item, minutes),),), len(run))
    return WantedVisit(first.hall_code, first.pool, first.starts_at, visit)


async def place_for(context: BookingContext, visit: WantedVisit, now: datetime) -> Placement | None:
    """Where there was a place for it a moment ago, looked up once for all who ask together."""

    async def find() -> Placement:
        found = await placing.look(context, visit, Person(""), now)
        return found.placement or NOWHERE

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
    hall, pool, starts_at, on_date = await _when(context, request, caller)
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


async def _when(context: BookingContext, request: HoldRequest, caller: Caller) -> _When:
    """Where and when it begins: as said, or with the first of the slots. Raises Invalid."""
    if request.starts_at is not None and request.hall_code is not None:
        zone = await slots.hall_zone(context.direct, request.hall_code)
        if zone is None or (caller.has(*whom.STAFF) and not caller.at(request.hall_code)):
            raise Invalid(_NO_HALL, pointer="/body/hall_code")
        pool = request.pool or Pool.ONLINE
        if pool not in pools_of(caller):
            raise Invalid(GIVEN_BY[pool], pointer="/body/pool")
        on_date = request.starts_at.astimezone(ZoneInfo(zone)).date()
        return _When(request.hall_code, pool, request.starts_at, on_date)
    found = whom.open_to(caller, await context.slots(request.wanted))
    named = runs.ensure_known(found, request.wanted)
    if len({(slot.hall_code, slot.pool) for slot in named}) > 1:
        raise Invalid(_ONE_HALL, pointer="/body/slot_ids")
    first = min(named, key=lambda slot: slot.starts_at)
    return _When(first.hall_code, first.pool, first.starts_at, first.on_date)


async def book(context: BookingContext, booking: Booking) -> Held | None:
    """The visit with places for all of it; None where it does not fit.

    Raises AlreadyBooked, OverlappingAppointment, TooManyAppointments, BookingBarred, KeyReused,
    NotAdmitted, MoreThanJoined.
    """
    visit, now = booking.visit, booking.now
    admissions = await _ensure_admitted(context, booking)

    def write(statement: SwapStatement, placement: Placement, seen: Around) -> None:
        _ensure_allowed(booking, placement, seen)
        legs = legs_of(booking, placement, seen.person, context.keyring)
        for admission in admissions:
            # Before the turns, as by whoever learns whose an account is.
            releases.use(statement, admission, legs[0].appointment.id, now)
        people.take_seen_turns(statement, seen.person, seen.turns)
        _write(statement, booking, legs, context.keyring)

    try:
        placement = await placing.place(context, visit, booking.person.known, now, write)
    except _NotAllowed as refused:
        raise await _refusal(context, booking, refused) from None
    except Overtaken:
        # Another booking of theirs may have used the turn, or it lapsed.
        await _ensure_admitted(context, booking)
        raise
    except asyncpg.UniqueViolationError as error:
        if booking.claim is None or error.constraint_name != _KEY:
            raise
        answer = await known_answer(context.direct, booking.claim)
        return Held(answer or booking.answer, replayed=True)
    if placement is None:
        return None
    context.direct.wake()
    return Held(booking.answer, replayed=False)


async def _ensure_admitted(context: BookingContext, booking: Booking) -> list[SeenRelease]:
    visit, person = booking.visit, booking.person.known
    return await admitting.ensure_admitted(
        context,
        visit.hall_code,
        visit.items,
        visit.starts_at,
        person,
        booking.now,
        persons=len(visit.visit.people),
    )


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
    statement: SwapStatement, booking: Booking, legs: Sequence[SeenLeg], keyring: Keyring
) -> None:
    """The appointments with their places, events and contact, and the answer."""
    for leg in legs:
        one = leg.appointment
        statement.insert(one)
        for place in leg.places:
            statement.insert(AppointmentSlot(appointment_id=one.id, slot_id=place.id))
        outbox.promise(statement, of_change(AppointmentHeld, one, expires_at=one.expires_at))
    # What else the person has was read: this was booked since.
    statement.refusing("uq_appointment_live", Overtaken)
    whom.keep_contact(statement, booking.person, booking.now)
    booking.answer = views.held_together(legs, keyring).model_dump_json()
    if booking.claim is not None:
        store_answer(statement, booking.claim, booking.answer)
