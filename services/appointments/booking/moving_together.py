"""What replaces what was moved; and the move of several legs, or to where somebody makes room.

Behind locks, in their order (`healing`): who waits for a place of it comes first, those who sit
around the new time are moved where that helps, and all legs move or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import (
    contacts,
    healing,
    limits,
    placing,
    queries,
    refusing,
    returning,
    rules,
    service,
)
from services.appointments.booking.around import Around
from services.appointments.booking.context import (
    BookingContext,
    Terms,
    ensure_offered,
    places_freed,
)
from services.appointments.booking.finding import Party
from services.appointments.booking.healing import Still
from services.appointments.booking.limits import KnownAppointment, Wanted
from services.appointments.booking.models import Appointment, AppointmentSlot, AppointmentState
from services.appointments.booking.placing import PlacedLeg, Placement, WantedVisit
from services.appointments.booking.publishing import of_change
from services.appointments.booking.rules import Place
from services.appointments.booking.seen import Leaving, Seen, SeenLeg
from services.appointments.booking.workflow import (
    LIVE,
    AppointmentAction,
    AppointmentRow,
    state_conflict,
)
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from services.appointments.policies.rules import CapTerms
from services.appointments.slots import places
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool
from shared import ids
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox
from shared.security.identity import Caller


class Spot(NamedTuple):
    """Where a leg is seen from now on."""

    pool: Pool
    on_date: date
    starts_at: datetime
    minutes: int


async def move(
    swap: SwapStatement,
    context: BookingContext,
    found: Leaving,
    legs: Sequence[Leaving],
    wanted: WantedVisit,
    caller: Caller,
    now: datetime,
) -> Seen:
    """The legs at their new time: the first with the others. Raises what `moving.move` raises."""
    olds = [leg.appointment for leg in legs]
    rows = {one.id: service.row_of(one, AppointmentAction.MOVE) for one in olds}
    person = person_of(olds[0])
    leaving = {leg.appointment.id: [slot.id for slot in leg.slots] for leg in legs}
    near = (await placing.look(context, wanted, person, now, leaving)).seen
    session = await swap.begin()
    still, taken, movable = await _give_back(session, olds, rows, near, now)
    seen = await placing.look_again(session, wanted, near.ring, person, now)
    held = [slot for slot in seen.slots if slot.id in still.locked]
    placement = placing.search(wanted, seen._replace(slots=held), movable).placement
    if placement is None:
        party = Party(wanted.items, len(wanted.visit.people), wanted.visit.slots)
        raise await refusing.no_room(context, wanted, party, sorted(wanted.visit.near), now)
    await _ensure_all_allowed(context, olds, [*rows.values()], seen, placement, caller, now)
    booked = SwapStatement()
    placing.keep_moved(booked, placement.moved)
    places.rearrange(booked, placement.changes, now)
    stays = staying(found, legs)
    moved = await _book_all(booked, context, olds, rows, placement, stays, caller, now)
    placing.move_rows(booked, placement.moved)
    await booked.write_in(session)
    places_freed(session)
    await healing.heal(session, still, now)
    await returning.keep_wished(session, olds, taken, still, now)
    return seen_with(found, legs, moved)


async def _give_back(
    session: AsyncSession,
    olds: Sequence[Appointment],
    rows: Mapping[UUID, AppointmentRow],
    near: Around,
    now: datetime,
) -> tuple[Still, Mapping[UUID, Sequence[Place]], list[UUID]]:
    """The old ones are over: their places, and who may be moved, are locked with the slots."""
    leaving = [one.id for one in olds]
    movable = [one.id for one in near.seated]
    waiting = await healing.prepare(session, leaving, now, own=[*leaving, *movable])
    if not waiting:
        await queries.lock(session, [*leaving, *movable])
    replaced = SwapStatement()
    for one in sorted(olds, key=lambda one: one.id):
        replace(replaced, one, rows[one.id], now)
    await replaced.write_in(session)
    taken = await queries.slots_of(session, [one.id for one in olds if rows[one.id].frees])
    released = [place.id for those in taken.values() for place in those]
    touched = {*released, *(slot.id for slot in near.slots)}
    movers = [person_of(olds[0])]
    still = await healing.hold_still(session, waiting, leaving, touched, now, movers=movers)
    await slots.shift(session, release=released)
    return still, taken, movable


async def _ensure_all_allowed(
    context: BookingContext,
    olds: Sequence[Appointment],
    rows: Sequence[AppointmentRow],
    seen: Around,
    placement: Placement,
    caller: Caller,
    now: datetime,
) -> None:
    """Raises AlreadyBooked, OverlappingAppointment or TooManyAppointments."""
    terms = await context.terms(olds[0].hall_code, olds[0].item_code)
    first = min(placement.legs, key=lambda leg: leg.claim.starts_at)
    items = {one.item_code for one in olds}
    on_date, starts_at = first.slots[0].on_date, first.claim.starts_at
    what = Wanted(items, on_date, starts_at, placement.ends_at, caps(rows, terms), len(olds))
    await ensure_allowed(context, others(seen.theirs, olds), what, caller, now)


def staying(found: Leaving, legs: Sequence[Leaving]) -> UUID | None:
    """The party, where somebody of it stays behind when these legs are moved."""
    gone = {leg.appointment.id for leg in legs}
    stand = LIVE | {AppointmentState.ORPHANED}
    left = (leg.appointment for leg in found.party if leg.appointment.id not in gone)
    return found.appointment.party_id if any(one.state in stand for one in left) else None


def _by_person(leg: SeenLeg) -> tuple[int, datetime]:
    return leg.appointment.person_no, leg.appointment.starts_at


def seen_with(found: Leaving, gone: Sequence[Leaving], come: Sequence[SeenLeg]) -> Seen:
    """The first that came, with the others and with who stays behind."""
    first, left = come[0], {leg.appointment.id for leg in gone}
    party = [leg for leg in found.seen.party if leg.appointment.id not in left]
    if first.appointment.party_id != found.appointment.party_id:
        party = []
    together = sorted((*party, *come), key=_by_person)
    one = first.appointment
    return Seen(one, first.places, found.seen.contact, together if one.party_id else ())


def caps(rows: Iterable[AppointmentRow], terms: Terms) -> CapTerms:
    """Whom the hall took the time from is not held to its caps as well."""
    if all(row.state is AppointmentState.ORPHANED for row in rows):
        return CapTerms()
    return terms.caps


def others(
    theirs: Iterable[KnownAppointment], olds: Sequence[Appointment]
) -> list[KnownAppointment]:
    """What the person has besides what is moved, but for those who came along and stay behind."""
    gone, moving = {one.id for one in olds}, {one.person_no for one in olds}
    party = olds[0].party_id
    return [
        one
        for one in theirs
        if one.id not in gone
        and not (party is not None and one.party_id == party and one.person_no not in moving)
    ]


async def ensure_allowed(
    context: BookingContext,
    present: Sequence[KnownAppointment],
    what: Wanted,
    caller: Caller,
    now: datetime,
) -> None:
    """Raises AlreadyBooked, OverlappingAppointment or TooManyAppointments."""
    if limits.refusal(present, what, now, lambda _: False) is None:
        return
    me = await people.of_account_direct(context.direct, caller.sub)
    may_see = partial(rules.may_see, me, caller)
    if found := limits.refusal(present, what, now, may_see, is_own=caller.has("citizen")):
        raise found


async def _book_all(
    statement: SwapStatement,
    context: BookingContext,
    olds: Sequence[Appointment],
    rows: Mapping[UUID, AppointmentRow],
    placement: Placement,
    staying_party: UUID | None,
    caller: Caller,
    now: datetime,
) -> list[SeenLeg]:
    """Each leg anew, for the same person and item; of the same party as who stays behind."""
    persons = sorted({one.person_no for one in olds})
    pairs = [(one, _leg_of(one, placement, persons)) for one in olds]
    party, found, numbers = staying_party, list[SeenLeg](), dict[int, int]()
    for old, leg in sorted(pairs, key=lambda pair: (pair[0].person_no, pair[1].claim.starts_at)):
        claim = leg.claim
        spot = Spot(leg.slots[0].pool, leg.slots[0].on_date, claim.starts_at, claim.minutes)
        new = await new_leg(context, old, spot, caller, now)
        numbers[old.person_no] = numbers.get(old.person_no, 0) + 1
        if party is not None or len(olds) > 1:
            party = party or new.id
            new.party_id, new.leg_no = party, numbers[old.person_no]
        book(statement, old, new, rows[old.id], [slot.id for slot in leg.slots])
        taken = [Place(slot.id, slot.starts_at, slot.minutes) for slot in leg.slots]
        found.append(SeenLeg(new, taken))
    return found


def _leg_of(old: Appointment, placement: Placement, persons: Sequence[int]) -> PlacedLeg:
    return next(
        leg
        for leg in placement.legs
        if persons[leg.person - 1] == old.person_no and leg.claim.item_code == old.item_code
    )


async def new_leg(
    context: BookingContext, old: Appointment, spot: Spot, caller: Caller, now: datetime
) -> Appointment:
    """What replaces the old one. Raises Invalid for a day on which the item is not offered."""
    terms = await context.terms(old.hall_code, old.item_code)
    offer = ensure_offered(terms, spot.on_date, pointer="/body/slot_ids")
    made = ids.new_id()
    return Appointment(
        id=made,
        code=ids.public_code("A"),
        hall_code=old.hall_code,
        item_code=old.item_code,
        **spot._asdict(),
        citizen_key=old.citizen_key,
        person_document=old.person_document,
        person_phone=old.person_phone,
        booked_by=caller.sub,
        person_no=old.person_no,
        state=AppointmentState.CONFIRMED,
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


def replace(statement: SwapStatement, old: Appointment, row: AppointmentRow, now: datetime) -> None:
    """The old one is over."""
    statement.swap(old, service.changes_of(row, now), says=state_conflict)


def book(
    statement: SwapStatement,
    replaced: Appointment,
    new: Appointment,
    row: AppointmentRow,
    run: Sequence[UUID],
) -> None:
    """The new appointment with its places, and the event of the old one."""
    statement.insert(new)
    # What else the person has is read before: this one was booked since.
    statement.refusing("uq_appointment_live", Overtaken)
    for slot in run:
        statement.insert(AppointmentSlot(appointment_id=new.id, slot_id=slot))
    names = {"replaced_by": new.id, "new_starts_at": new.starts_at}
    outbox.promise(statement, of_change(row.event, replaced, **names))
