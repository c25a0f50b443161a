"""Moving an appointment: the new places are taken and the old ones released in one statement."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.booking import (
    admitting,
    around,
    limits,
    moving_together,
    returning,
    runs,
    service,
)
from services.appointments.booking.channels import pools_of
from services.appointments.booking.context import BookingContext, ensure_offered, places_freed
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.moving_together import Spot
from services.appointments.booking.placing import WantedVisit
from services.appointments.booking.rules import Place
from services.appointments.booking.schemas import MoveRequest
from services.appointments.booking.seen import Leaving, Seen, SeenLeg, find_wanted
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.slots import places
from services.appointments.slots import service as slots
from services.appointments.slots.models import SlotState
from services.appointments.slots.rules import LockedSlot, SlotFacts
from services.appointments.slots.visits import Need, Visit
from shared.database.swap_statement import SwapStatement
from shared.security.identity import Caller

S = AppointmentState


async def move(
    swap: SwapStatement,
    context: BookingContext,
    typed: str,
    wanted: MoveRequest,
    caller: Caller,
    now: datetime,
) -> Seen:
    """The new, confirmed appointment that replaces the old one, with a code of its own; with it
    all that was booked together, or those of the people who are named.

    Raises NotFound, Invalid, StateConflict, TooLate, SlotTaken, SlotNotOnSale, NoSuchTime,
    NotEnoughTime, AlreadyBooked, OverlappingAppointment, TooManyAppointments, NotAdmitted.
    """
    found = await service.leaving_by(swap.direct, typed, caller, now)
    service.ensure_seen(found.appointment, wanted.version)
    legs = service.meant(found, wanted.persons, AppointmentAction.MOVE)
    is_staff = caller.has(*service.STAFF)
    for leg in legs:
        if leg.appointment.state is S.CONFIRMED and not is_staff:
            service.ensure_changeable(leg.appointment, leg.policy, now)
    if len(legs) == 1 and wanted.slot_ids:
        [leg] = legs
        run = await _run(context, leg.appointment, wanted.slot_ids, caller, now)
        await admitting.ensure_may_move(context, [leg.appointment], run[0].starts_at, now)
        party = moving_together.staying(found, legs)
        new = await _exchange(swap, context, leg, run, party, caller, now)
        if new is not None:
            taken = [Place(slot.id, slot.starts_at, slot.minutes) for slot in run]
            return moving_together.seen_with(found, legs, [SeenLeg(new, taken)])
        visit = _in_stead(run, leg.appointment)
    else:
        visit = await _visit(context, legs, wanted, caller)
        olds = [leg.appointment for leg in legs]
        await admitting.ensure_may_move(context, olds, visit.starts_at, now)
    return await moving_together.move(swap, context, found, legs, visit, caller, now)


async def _visit(
    context: BookingContext,
    legs: Sequence[Leaving],
    wanted: MoveRequest,
    caller: Caller,
) -> WantedVisit:
    """Where all of them are seen from then on. Raises Invalid."""
    first = legs[0].appointment
    pointer = "/body/starts_at" if wanted.slot_ids is None else "/body/slot_ids"
    starts_at, pool = wanted.starts_at, first.pool
    if starts_at is None:
        named = await _named(context, first, wanted.slot_ids or (), caller)
        earliest = min(named, key=lambda slot: slot.starts_at)
        starts_at, pool = earliest.starts_at, earliest.pool
    on_date = await _on_date(context, first.hall_code, starts_at)
    people: dict[int, list[Need]] = {}
    for leg in legs:
        one = leg.appointment
        terms = await context.terms(one.hall_code, one.item_code)
        offer = ensure_offered(terms, on_date, pointer=pointer)
        people.setdefault(one.person_no, []).append(Need(one.item_code, offer.standard_minutes))
    return WantedVisit(
        first.hall_code, pool, starts_at, Visit(tuple(tuple(needs) for needs in people.values()))
    )


async def _on_date(context: BookingContext, hall: str, starts_at: datetime) -> date:
    """The hall's day of that moment."""
    zone = await slots.hall_zone(context.direct, hall)
    assert zone is not None
    return starts_at.astimezone(ZoneInfo(zone)).date()


def _in_stead(run: Sequence[SlotFacts], one: Appointment) -> WantedVisit:
    """As long a time as the run, from then on, in it if there is room."""
    need = Need(one.item_code, sum(slot.minutes for slot in run))
    visit = Visit(((need,),), len(run), frozenset(slot.id for slot in run))
    return WantedVisit(one.hall_code, run[0].pool, run[0].starts_at, visit)


async def _exchange(
    swap: SwapStatement,
    context: BookingContext,
    found: Leaving,
    run: Sequence[SlotFacts],
    party: UUID | None,
    caller: Caller,
    now: datetime,
) -> Appointment | None:
    """One statement, guarded as that of `cancelling`; and what the person has, by their turns.

    None where somebody waits for its places, or there is no room and it has to be looked for.
    """
    if found.is_awaited:
        return None
    old, person = found.appointment, person_of(found.appointment)
    row = service.row_of(old, AppointmentAction.MOVE)
    wanted = [slot.id for slot in run]
    seen = await find_wanted(swap.direct, person, wanted)
    left = found.slots if row.frees else []
    released = [slot.id for slot in left]
    if not _has_room([seen.slots[slot] for slot in wanted], released, now):
        return None
    new = await moving_together.new_leg(context, old, _spot(run), caller, now)
    new.party_id = party
    others = moving_together.others(seen.theirs, [old])
    terms = await context.terms(old.hall_code, old.item_code)
    what = limits.wanted(run, old.item_code, moving_together.caps([row], terms))
    await moving_together.ensure_allowed(context, others, what, caller, now)
    moving_together.replace(swap, old, row, now)
    if released:
        around.keep_places(swap, old.id, released)
    closing = [slot.closes_at for slot in left]
    due_at = returning.due_of(closing, found.policy, now) if left and found.is_wished else None
    places.exchange(swap, left, wanted, due_at, now)
    people.take_seen_turns(swap, person, seen.turns)
    moving_together.book(swap, old, new, row, wanted)
    places_freed(swap.direct)
    return new


def _spot(run: Sequence[SlotFacts]) -> Spot:
    first = run[0]
    minutes = sum(slot.minutes for slot in run)
    return Spot(first.pool, first.on_date, first.starts_at, minutes)


async def _run(
    context: BookingContext,
    old: Appointment,
    wanted: Sequence[UUID],
    caller: Caller,
    now: datetime,
) -> list[SlotFacts]:
    named = runs.ensure_run(await _named(context, old, wanted, caller), wanted, old.item_code)
    terms = await context.terms(old.hall_code, old.item_code)
    offer = ensure_offered(terms, named[0].on_date, pointer="/body/slot_ids")
    return await context.whole_run(named, offer, now)


async def _named(
    context: BookingContext,
    old: Appointment,
    wanted: Sequence[UUID],
    caller: Caller,
) -> list[SlotFacts]:
    """The slots of its hall whose places the caller may give; raises Invalid for others."""
    found = [s for s in await context.slots(wanted) if s.hall_code == old.hall_code]
    pools = {old.pool, *pools_of(caller)}
    found = [slot for slot in found if slot.pool in pools]
    return runs.ensure_known(found, wanted)


def _has_room(wanted: Sequence[LockedSlot], released: Sequence[UUID], now: datetime) -> bool:
    """A place of one's own may be had again; one that somebody cancelled returns to all."""
    return all(
        slot.state is SlotState.OPEN
        and slot.closes_at > now
        and (slot.has_place or slot.id in released)
        for slot in wanted
    )
