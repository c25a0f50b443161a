"""Why a booking is refused, in words, and with what there is instead."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from services.appointments.booking import finding, limits, queries, rules
from services.appointments.booking.context import BookingContext, near
from services.appointments.booking.finding import Party
from services.appointments.booking.limits import (
    OverlappingAppointment,
    TooManyAppointments,
    Wanted,
)
from services.appointments.booking.placing import WantedVisit
from services.appointments.booking.rules import AlreadyBooked, BookingBarred, BookingOutcome
from services.appointments.booking.sale import queries as sales
from services.appointments.booking.sale import rules as sale
from services.appointments.people import service as people
from services.appointments.people.rules import Person
from services.appointments.slots.rules import SlotFacts
from services.appointments.slots.schemas import FreeSlot
from shared.errors import Conflict, Problem
from shared.security.identity import Caller

LIMITED: dict[BookingOutcome, type[Conflict]] = {
    BookingOutcome.CAPPED: AlreadyBooked,
    BookingOutcome.OVERLAPPING: OverlappingAppointment,
    BookingOutcome.OVER_CAP: TooManyAppointments,
}


async def limited(
    context: BookingContext,
    nameless: type[Conflict],
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
    return found or nameless()


async def barred(
    context: BookingContext, person: Person, hall: str, caller: Caller, now: datetime
) -> BookingBarred:
    """The refusal; it names the penalty to those who may see it."""
    me = await people.of_account_direct(context.direct, caller.sub)
    whose = me if caller.has("citizen") else person
    penalty = await queries.barring(context.direct, whose, hall, now)
    if penalty is None or caller.has("device") or not rules.may_see(me, caller, penalty):
        return BookingBarred()
    return rules.barred(penalty)


async def refusal(
    context: BookingContext, run: Sequence[SlotFacts], item: str, now: datetime
) -> Problem:
    """Full or not on sale, which is looked up once for all who ask together."""
    wanted = [slot.id for slot in run]
    return await context.refusal(wanted, item, lambda: _why_refused(context, run, item, now))


async def _why_refused(
    context: BookingContext, run: Sequence[SlotFacts], item: str, now: datetime
) -> Problem:
    others = await near(context.direct, run, item, now)
    return await _of_slots(context, [slot.id for slot in run], others, now)


async def no_room(
    context: BookingContext,
    visit: WantedVisit,
    party: Party,
    named: Sequence[UUID],
    now: datetime,
) -> Problem:
    """The same of a visit for which slots were named, or when it begins."""
    hall, pool, starts_at = visit.hall_code, visit.pool, visit.starts_at
    near_to = max(starts_at, now)
    others = await finding.alternatives(context.direct, hall, pool, party, near_to, now)
    if named:
        return await _of_slots(context, named, others, now)
    seen = await sales.at_time(context.direct, hall, pool, visit.items, starts_at, now)
    return sale.not_at_time(seen, starts_at, others, now)


async def _of_slots(
    context: BookingContext, wanted: Sequence[UUID], others: Sequence[FreeSlot], now: datetime
) -> Problem:
    """Full or not on sale, with the nearest other times."""
    closed = await sales.why_not_on_sale(context.direct, wanted, now)
    return sale.slot_taken(others) if closed is None else sale.not_on_sale(closed, others)
