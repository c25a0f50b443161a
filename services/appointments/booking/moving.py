"""Moving an appointment: the new places are taken and the old ones released in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import healing, limits, queries, rules, runs, service
from services.appointments.booking.context import BookingContext, ensure_offered, places_freed
from services.appointments.booking.models import Appointment, AppointmentSlot, AppointmentState
from services.appointments.booking.schemas import MoveRequest
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.policies import service as policies
from services.appointments.policies.rules import CapTerms
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import LockedSlot, SlotFacts
from shared import ids
from shared.security.identity import Caller

S = AppointmentState


async def move(
    session: AsyncSession,
    context: BookingContext,
    typed: str,
    wanted: MoveRequest,
    caller: Caller,
    now: datetime,
) -> Appointment:
    """The new, confirmed appointment that replaces the old one, with a code of its own.

    Raises NotFound, Invalid, StateConflict, TooLate, SlotTaken, SlotNotOnSale, NotEnoughTime,
    AlreadyBooked, OverlappingAppointment, TooManyAppointments.
    """
    old = await service.visible(session, typed, caller)
    service.ensure_seen(old, wanted.version)
    run = await _run(context, old, wanted, caller, now)
    if old.state is S.CONFIRMED and not caller.has(*service.STAFF):
        policy = await policies.in_force(session, old.hall_code, now)
        service.ensure_changeable(old, policy, now)
    row, state = service.row_of(old, AppointmentAction.MOVE), old.state
    leaving = [old.id]
    waiting = await healing.prepare(session, leaving, now, own=leaving)
    replaced = await service.change(session, old, row, now)
    taken = await queries.slots_of(session, [replaced.id])
    released = [slot.id for slot in taken.get(replaced.id, [])] if row.frees else []
    wanted_ids = [slot.id for slot in run]
    still = await healing.hold_still(
        session, waiting, leaving, [*released, *wanted_ids], now, movers=[person_of(old)]
    )
    await _ensure_room(context, still.locked, run, released, old.item_code, now)
    await _ensure_allowed(session, context, old, run, caller, now, is_orphan=state is S.ORPHANED)
    await slots.shift(session, take=wanted_ids, release=released)
    new = await _book(session, context, replaced, run, caller, now)
    places_freed(session)
    known = {"replaced_by": new.id, "new_starts_at": new.starts_at}
    await service.publish(session, row.event, replaced, **known)
    await healing.heal(session, still, now)
    return new


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
    session: AsyncSession,
    context: BookingContext,
    old: Appointment,
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
    *,
    is_orphan: bool,
) -> None:
    """Raises AlreadyBooked, OverlappingAppointment or TooManyAppointments.

    Whom the hall took the time from is not held to its caps as well.
    """
    terms = await context.terms(old.hall_code, old.item_code)
    caps = CapTerms() if is_orphan else terms.caps
    theirs = await queries.theirs_in(session, person_of(old))
    me = await people.of_account(session, caller.sub)
    what = limits.wanted(run, old.item_code, caps)
    found = limits.refusal(theirs, what, now, partial(rules.may_see, me, caller))
    if found is not None:
        raise found


async def _book(
    session: AsyncSession,
    context: BookingContext,
    old: Appointment,
    run: Sequence[SlotFacts],
    caller: Caller,
    now: datetime,
) -> Appointment:
    first = run[0]
    terms = await context.terms(old.hall_code, old.item_code)
    offer = ensure_offered(terms, first.on_date, pointer="/body/slot_ids")
    new = Appointment(
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
        calendar_base=old.calendar_base + old.version,
    )
    session.add(new)
    try:
        await session.flush()
    except IntegrityError as error:
        raise rules.AlreadyBooked from error
    session.add_all(AppointmentSlot(appointment_id=new.id, slot_id=slot.id) for slot in run)
    await session.flush()
    return new
