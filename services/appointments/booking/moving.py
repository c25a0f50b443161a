"""Moving an appointment: the new places are taken and the old ones released in one statement."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from services.appointments.booking import (
    contacts,
    healing,
    limits,
    queries,
    rules,
    runs,
    service,
)
from services.appointments.booking.context import BookingContext, ensure_offered, places_freed
from services.appointments.booking.limits import KnownAppointment
from services.appointments.booking.models import Appointment, AppointmentSlot, AppointmentState
from services.appointments.booking.publishing import of_change
from services.appointments.booking.rules import Place
from services.appointments.booking.schemas import MoveRequest
from services.appointments.booking.seen import Leaving, Seen, find_wanted
from services.appointments.booking.workflow import (
    AppointmentAction,
    AppointmentRow,
    state_conflict,
)
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.policies.rules import CapTerms
from services.appointments.slots import places
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import LockedSlot, SlotFacts
from shared import ids
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox
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
    """The new, confirmed appointment that replaces the old one, with a code of its own.

    Raises NotFound, Invalid, StateConflict, TooLate, SlotTaken, SlotNotOnSale, NotEnoughTime,
    AlreadyBooked, OverlappingAppointment, TooManyAppointments.
    """
    found = await service.leaving_by(swap.direct, typed, caller, now)
    old = found.appointment
    service.ensure_seen(old, wanted.version)
    run = await _run(context, old, wanted, caller, now)
    if old.state is S.CONFIRMED and not caller.has(*service.STAFF):
        service.ensure_changeable(old, found.policy, now)
    row = service.row_of(old, AppointmentAction.MOVE)
    new = await _new(context, old, run, caller, now)
    if found.is_awaited:
        await _exchange_behind_locks(swap, context, found, new, row, run, caller, now)
    else:
        await _exchange(swap, context, found, new, row, run, caller, now)
    taken = [Place(slot.id, slot.starts_at, slot.minutes) for slot in run]
    return Seen(new, taken, found.seen.contact)


async def _exchange(
    swap: SwapStatement,
    context: BookingContext,
    found: Leaving,
    new: Appointment,
    row: AppointmentRow,
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
) -> None:
    """One statement, guarded as that of `cancelling`; and what the person has, by their turns."""
    old, person = found.appointment, person_of(found.appointment)
    wanted = [slot.id for slot in run]
    seen = await find_wanted(swap.direct, person, wanted)
    left = found.slots if row.frees else []
    released = [slot.id for slot in left]
    await _ensure_room(context, seen.slots, run, released, old.item_code, now)
    others = [one for one in seen.theirs if one.id != old.id]
    await _ensure_allowed(context, old, row, others, run, caller, now)
    _replace(swap, old, row, now)
    if released:
        queries.keep_places(swap, old.id, released)
    places.exchange(swap, left, wanted, now)
    people.take_seen_turns(swap, person, seen.turns)
    _book(swap, old, new, row, run)
    places_freed(swap.direct)


async def _exchange_behind_locks(
    swap: SwapStatement,
    context: BookingContext,
    found: Leaving,
    new: Appointment,
    row: AppointmentRow,
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
) -> None:
    """The same where somebody waits for a place of it, who comes before anybody else."""
    old, session = found.appointment, await swap.begin()
    leaving, person = [old.id], person_of(old)
    waiting = await healing.prepare(session, leaving, now, own=leaving)
    replaced = SwapStatement()
    _replace(replaced, old, row, now)
    await replaced.write_in(session)
    taken = await queries.slots_of(session, leaving) if row.frees else {}
    released, wanted = [slot.id for slot in taken.get(old.id, [])], [slot.id for slot in run]
    touched = [*released, *wanted]
    still = await healing.hold_still(session, waiting, leaving, touched, now, movers=[person])
    await _ensure_room(context, still.locked, run, released, old.item_code, now)
    theirs = await queries.theirs_in(session, person)
    await _ensure_allowed(context, old, row, theirs, run, caller, now)
    await slots.shift(session, take=wanted, release=released)
    booked = SwapStatement()
    _book(booked, old, new, row, run)
    await booked.write_in(session)
    places_freed(session)
    await healing.heal(session, still, now)


async def _run(
    context: BookingContext,
    old: Appointment,
    wanted: MoveRequest,
    caller: Caller,
    now: datetime,
) -> list[SlotFacts]:
    found = [s for s in await context.slots(wanted.slot_ids) if s.hall_code == old.hall_code]
    pools = frozenset(Pool) if caller.has(*service.STAFF) else frozenset({old.pool})
    named = runs.ensure_run(found, wanted.slot_ids, old.item_code, pools)
    terms = await context.terms(old.hall_code, old.item_code)
    offer = ensure_offered(terms, named[0].on_date, pointer="/body/slot_ids")
    return await context.whole_run(named, offer, now)


async def _ensure_room(
    context: BookingContext,
    locked: dict[UUID, LockedSlot],
    run: Sequence[SlotFacts],
    released: Sequence[UUID],
    item: str,
    now: datetime,
) -> None:
    """Raises SlotTaken or SlotNotOnSale with alternatives."""
    for slot in run:
        row = locked[slot.id]
        on_sale = row.state is SlotState.OPEN and row.closes_at > now
        # A place of one's own may be had again; one that somebody cancelled returns to all.
        if on_sale and (row.has_place or slot.id in released):
            continue
        others = await slots.alternatives(context.direct, run, item, now)
        if on_sale:
            raise rules.slot_taken(others)
        raise rules.not_on_sale(row.state, row.opens_at, others)


async def _ensure_allowed(
    context: BookingContext,
    old: Appointment,
    row: AppointmentRow,
    others: Sequence[KnownAppointment],
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
) -> None:
    """Raises AlreadyBooked, OverlappingAppointment or TooManyAppointments.

    Whom the hall took the time from is not held to its caps as well.
    """
    terms = await context.terms(old.hall_code, old.item_code)
    caps = CapTerms() if row.state is S.ORPHANED else terms.caps
    what = limits.wanted(run, old.item_code, caps)
    if limits.refusal(others, what, now, lambda _: False) is None:
        return
    me = await people.of_account_direct(context.direct, caller.sub)
    may_see = partial(rules.may_see, me, caller)
    found = limits.refusal(others, what, now, may_see, is_own=caller.has("citizen"))
    if found is not None:
        raise found


async def _new(
    context: BookingContext,
    old: Appointment,
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
) -> Appointment:
    first = run[0]
    terms = await context.terms(old.hall_code, old.item_code)
    offer = ensure_offered(terms, first.on_date, pointer="/body/slot_ids")
    made = ids.new_id()
    return Appointment(
        id=made,
        code=ids.public_code("A"),
        hall_code=old.hall_code,
        item_code=old.item_code,
        pool=first.pool,
        citizen_key=old.citizen_key,
        person_document=old.person_document,
        person_phone=old.person_phone,
        booked_by=caller.sub,
        on_date=first.on_date,
        starts_at=first.starts_at,
        minutes=sum(slot.minutes for slot in run),
        state=S.CONFIRMED,
        guide_version=offer.guide_version,
        policy_version=terms.policy_version,
        held_at=now,
        changed_at=now,
        rescheduled_from=old.id,
        visit_id=old.visit_id or old.id,
        # With the change that replaces it.
        calendar_base=old.calendar_base + old.version + 1,
        **contacts.resealed(context.keyring, old, made)._asdict(),
    )


def _replace(
    statement: SwapStatement, old: Appointment, row: AppointmentRow, now: datetime
) -> None:
    statement.swap(old, service.changes_of(row, now), says=state_conflict)


def _book(
    statement: SwapStatement,
    replaced: Appointment,
    new: Appointment,
    row: AppointmentRow,
    run: Sequence[SlotFacts],
) -> None:
    """The new appointment with its places, and the event of the old one."""
    statement.insert(new)
    # What else the person has is read before: this one was booked since.
    statement.refusing("uq_appointment_live", Overtaken)
    for slot in run:
        statement.insert(AppointmentSlot(appointment_id=new.id, slot_id=slot.id))
    names = {"replaced_by": new.id, "new_starts_at": new.starts_at}
    outbox.promise(statement, of_change(row.event, replaced, **names))
