"""Places given back go to those who lost theirs, before anybody else can have them.

Locks are taken in one order, so that nobody waits crosswise: all halls by code, then appointments
by id, slots by id, and last the turns of people. Whoever changes slots locks their halls. Whoever
only books takes slots and turns. Whoever cancels or moves locks a hall only where somebody could be
helped by it; else it is one statement, which begins with the appointment. So the order of a
transaction that gives places back is `prepare`, its own appointments, `hold_still`, its own changes
of places, `heal`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import displaced, queries, reseating
from services.appointments.booking.seating import Claimant
from services.appointments.directory import service as directory
from services.appointments.people import service as people
from services.appointments.people.rules import Person
from services.appointments.slots import service as slots
from services.appointments.slots.rules import ComingSlot, LockedSlot, Span
from shared.database.faults import Overtaken


class PeopleWaiting(dict[UUID, str]):
    """Appointments without a time that could be helped, with their halls, which are locked; and
    who sits at their times, who may be moved for them."""

    around: Collection[UUID] = ()


class Still(NamedTuple):
    """What stays as it is until the transaction ends: who waits, and the slots of their times."""

    waiting: PeopleWaiting
    locked: dict[UUID, LockedSlot]
    reach: dict[UUID, str]


async def prepare(
    session: AsyncSession, leaving: Sequence[UUID], now: datetime, *, own: Sequence[UUID] = ()
) -> PeopleWaiting:
    """Who could have a time again when these appointments go; nothing is locked before.

    With their halls, the appointments `own` are locked that the caller is about to change, and
    those who sit at the times of who waits.
    """
    waiting = PeopleWaiting(await queries.helped_by(session, leaving, now))
    if waiting:
        of_own = await queries.halls_of(session, leaving)
        for hall in sorted({*waiting.values(), *of_own}):
            await directory.lock_hall(session, hall)
        waiting = PeopleWaiting(await queries.helped_by(session, leaving, now))
        await _lock(session, waiting, own)
    return waiting


async def _lock(session: AsyncSession, waiting: PeopleWaiting, own: Iterable[UUID]) -> None:
    """Those who wait and who sits at their times, with the caller's own, by id."""
    waiting.around = await displaced.neighbours(session, waiting)
    await queries.lock(session, {*waiting, *own, *waiting.around})


async def hold_still(
    session: AsyncSession,
    waiting: PeopleWaiting,
    leaving: Sequence[UUID],
    places: Iterable[UUID],
    now: datetime,
    *,
    movers: Sequence[Person] = (),
) -> Still:
    """Locks the slots that the caller changes and those for who waits, then the turns of people.

    `movers` take another place. Raises Overtaken where somebody lost
    a time since `prepare`: the transaction is done again, and they come first.
    """
    own = set(places)
    claimants = await displaced.without(session, waiting, now) if waiting else []
    reach = await _reach(session, waiting, claimants)
    locked = await slots.lock(session, own | reach.keys())
    if (await queries.helped_by(session, leaving, now)).keys() - waiting.keys():
        raise Overtaken
    await people.take_turns(session, [*(one.person for one in claimants), *movers])
    return Still(waiting, locked, reach)


async def heal(session: AsyncSession, still: Still, now: datetime) -> int:
    """Gives places to those who wait, moving others where that helps; returns how many are
    confirmed again."""
    if not still.waiting:
        return 0
    claimants = await displaced.without(session, still.waiting, now)
    sitters = await displaced.seated(session, still.waiting.around) if claimants else []
    rows = await slots.present(session, still.reach)
    healed = 0
    for those, seats in _by_hall(still.waiting, claimants, sitters, still.reach, rows):
        outlook = reseating.seated(those, seats)
        await reseating.settle(session, outlook, {}, now)
        healed += len(outlook.resupported)
    return healed


async def heal_left(session: AsyncSession, now: datetime) -> int:
    """Job: whoever could have a time again for another reason than a place given back.

    Their person's other appointment, which stood against it, was withdrawn or is over. Locks
    nothing where nobody can be helped.
    """
    everybody = await queries.all_without(session, now)
    claimants = await displaced.without(session, everybody, now) if everybody else []
    waiting = PeopleWaiting({one.id: everybody[one.id] for one in claimants})
    reach = await _reach(session, waiting, claimants)
    rows = await slots.present(session, reach)
    there = await displaced.neighbours(session, waiting) if claimants else ()
    sitters = await displaced.seated(session, there) if there else []
    helped: set[UUID] = set()
    for those, seats in _by_hall(waiting, claimants, sitters, reach, rows):
        helped |= {one.id for one in reseating.seated(those, seats).resupported}
    if not helped:
        return 0
    for hall in sorted({waiting[one] for one in helped}):
        await directory.lock_hall(session, hall)
    those_helped = PeopleWaiting({one: waiting[one] for one in helped})
    await _lock(session, those_helped, ())
    still = await hold_still(session, those_helped, (), (), now)
    return await heal(session, still, now)


async def _reach(
    session: AsyncSession, waiting: PeopleWaiting, claimants: Sequence[Claimant]
) -> dict[UUID, str]:
    """The slots of the times of who waits, with their halls: somebody could sit in them, or whoever
    sits there could be moved."""
    spans = [Span(waiting[one.id], one.pool, one.starts_at, one.minutes) for one in claimants]
    return await slots.around(session, spans) if spans else {}


def _by_hall(
    waiting: PeopleWaiting,
    claimants: Iterable[Claimant],
    sitters: Iterable[Claimant],
    reach: dict[UUID, str],
    rows: Iterable[ComingSlot],
) -> Iterable[tuple[list[Claimant], list[ComingSlot]]]:
    those: dict[str, list[Claimant]] = defaultdict(list)
    seats: dict[str, list[ComingSlot]] = defaultdict(list)
    for one in claimants:
        those[waiting[one.id]].append(one)
    for one in sitters:
        # Who sits partly elsewhere stays.
        if all(slot in reach for slot in one.slot_ids):
            those[reach[one.slot_ids[0]]].append(one)
    for row in rows:
        seats[reach[row.id]].append(row)
    return [(those[hall], seats[hall]) for hall in sorted({waiting[one.id] for one in claimants})]
