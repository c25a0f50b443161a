"""A visit that is placed by matching: of several people or items, or where somebody must be moved.

What it goes by is read at once (`around`), places are given by pure rules (`slots.matching`), and
one statement moves whom it must and writes the rest. Whoever is moved keeps their time and item;
their appointment stays of the same version, and what guards them is that and the rows of their
places. Locks are taken in the order of `healing`: appointments by id, their places, slots by id,
turns. Where others are faster again and again, the same is decided behind those locks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import around, queries, rings
from services.appointments.booking.around import Around, SeatedAppointment
from services.appointments.booking.context import BookingContext
from services.appointments.booking.rings import Ring
from services.appointments.people.rules import Person
from services.appointments.slots import places, visits
from services.appointments.slots import service as slots
from services.appointments.slots.matching import Claim, Matching, Run, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.visits import Leg, Visit
from shared.database.faults import Overtaken
from shared.database.rows import Fetch, fetching
from shared.database.swap_statement import Lost, SwapStatement

_TRIES = 3
_NOBODY: Mapping[UUID, Sequence[UUID]] = {}


@dataclass(frozen=True)
class WantedVisit:
    """What is wanted: where, when, and for whom."""

    hall_code: str
    pool: Pool
    starts_at: datetime
    visit: Visit

    @property
    def items(self) -> list[str]:
        """What any of them comes for."""
        return sorted({need.item_code for needs in self.visit.people for need in needs})


class PlacedLeg(NamedTuple):
    """A leg and the slots that it takes, by time."""

    person: int
    claim: Claim
    slots: list[OpenSlot]


class Placement(NamedTuple):
    """Where everybody of the visit is seen, and who sits elsewhere for that."""

    legs: list[PlacedLeg]
    moved: list[tuple[SeatedAppointment, Run]]

    @property
    def ends_at(self) -> datetime:
        return max(leg.claim.starts_at + timedelta(minutes=leg.claim.minutes) for leg in self.legs)

    @property
    def changes(self) -> dict[UUID, int]:
        """How many places more or less each slot gives."""
        found: Counter[UUID] = Counter()
        for leg in self.legs:
            found.update(slot.id for slot in leg.slots)
        for one, run in self.moved:
            found.update(run)
            found.subtract(one.run)
        return dict(found)


class PlaceSearch(NamedTuple):
    """What there is around the time, and where the visit fits: `wider` is where else to look where
    it does not; None: nowhere."""

    seen: Around
    placement: Placement | None
    wider: Ring | None


Write = Callable[[SwapStatement, Placement, Around], None]
"""Says what else is written with it; raises the problem of whoever may not have it."""


async def place(
    context: BookingContext,
    wanted: WantedVisit,
    person: Person,
    now: datetime,
    write: Write,
) -> Placement | None:
    """The visit in its places, committed with what `write` adds; None where it does not fit.

    Raises what `write` raises, and UniqueViolationError of what it added.
    """
    for _ in range(_TRIES):
        seen, placement, _ = await look(context, wanted, person, now)
        if placement is None:
            return None
        statement = SwapStatement(context.direct)
        _decide(statement, seen, placement, now, write)
        try:
            await statement.write()
        except (Lost, Overtaken):
            continue
        return placement
    return await _place_behind_locks(context, wanted, person, now, write)


async def look(
    context: BookingContext,
    wanted: WantedVisit,
    person: Person,
    now: datetime,
    leaving: Mapping[UUID, Sequence[UUID]] = _NOBODY,
) -> PlaceSearch:
    """Where it fits, by what there is around the time: of as many times as matter. `leaving`: the
    places of who gives them back for it."""
    ring: Ring | None = rings.first(wanted.starts_at, wanted.visit)
    most = rings.alike(wanted.visit)
    while ring is not None:
        seen = await _read(context.direct.fetch, wanted, ring, person, now, most)
        found = search(wanted, seen.once_gone(leaving))
        ring = None if found.placement else found.wider
    return found


async def _read(
    fetch: Fetch,
    wanted: WantedVisit,
    ring: Ring,
    person: Person,
    now: datetime,
    most: int = around.EVERYBODY,
) -> Around:
    where = (wanted.hall_code, wanted.pool, ring, wanted.items)
    return await around.find(fetch, *where, person, now, most)


async def look_again(
    session: AsyncSession, wanted: WantedVisit, ring: Ring, person: Person, now: datetime
) -> Around:
    """The same of everybody who sits there, by what the transaction sees."""
    return await _read(fetching(session), wanted, ring, person, now)


def search(wanted: WantedVisit, seen: Around, movable: Sequence[UUID] | None = None) -> PlaceSearch:
    """Where it fits; of those who sit there only the `movable` are moved, if any are named."""
    seated = seen.seated
    if movable is not None:
        known = {*movable}
        seated = [one for one in seated if one.id in known]
    matching = Matching(seen.slots, seen._replace(seated=seated).sitters)
    legs = visits.arrange(matching, wanted.visit, wanted.starts_at)
    if legs is None:
        return PlaceSearch(seen, None, rings.wider(seen.ring, wanted.starts_at, matching))
    return PlaceSearch(seen, _named(matching, legs, seated), None)


def _named(
    matching: Matching, legs: Sequence[Leg], seated: Sequence[SeatedAppointment]
) -> Placement:
    """Who of those who are counted sits where: whoever booked first stays, if anybody does."""
    left = matching.sat()
    moving = []
    for one in seated:
        sitting = Sitting(one.claim, one.run)
        if left[sitting]:
            left[sitting] -= 1
        elif all(slot in matching.slots for slot in one.run):
            moving.append(one)
    moved = [(one, _take(left, one.claim)) for one in moving]
    where = [
        PlacedLeg(leg.person, leg.claim, [matching.slots[s] for s in _take(left, leg.claim)])
        for leg in legs
    ]
    return Placement(where, moved)


def _take(left: Counter[Sitting], claim: Claim) -> Run:
    sitting = next(one for one, many in left.items() if many and one.claim == claim)
    left[sitting] -= 1
    return sitting.run


def _decide(
    statement: SwapStatement, seen: Around, placement: Placement, now: datetime, write: Write
) -> None:
    keep_moved(statement, placement.moved)
    places.rearrange(statement, placement.changes, now)
    write(statement, placement, seen)
    move_rows(statement, placement.moved)


def keep_moved(statement: SwapStatement, moved: Sequence[tuple[SeatedAppointment, Run]]) -> None:
    """Whoever is moved stands as they were seen, and sits where they were seen."""
    if moved:
        ordered = sorted((one for one, _ in moved), key=lambda one: one.id)
        around.keep_versions(statement, {one.id: one.version for one in ordered})
        around.keep_rows(statement, [(one.id, slot) for one in ordered for slot in one.run])


def move_rows(statement: SwapStatement, moved: Sequence[tuple[SeatedAppointment, Run]]) -> None:
    """Whoever is moved sits where they are moved to; the counts are those of `changes`."""
    gone = [(one.id, slot) for one, run in moved for slot in one.run if slot not in run]
    come = [(one.id, slot) for one, run in moved for slot in run if slot not in one.run]
    around.move_places(statement, gone, come)


async def _place_behind_locks(
    context: BookingContext,
    wanted: WantedVisit,
    person: Person,
    now: datetime,
    write: Write,
) -> Placement | None:
    """The same where nobody else can be faster. Raises Overtaken where the person books elsewhere
    at this moment."""
    ring: Ring | None = rings.first(wanted.starts_at, wanted.visit)
    while ring is not None:
        async with context.sessions() as session, session.begin():
            seen = await _read(context.direct.fetch, wanted, ring, person, now)
            movable = [one.id for one in seen.seated]
            await queries.lock(session, movable)
            await slots.lock(session, [slot.id for slot in seen.slots])
            seen = await look_again(session, wanted, ring, person, now)
            _, placement, ring = search(wanted, seen, movable)
            if placement is not None:
                statement = SwapStatement()
                _decide(statement, seen, placement, now, write)
                await statement.write_in(session)
                return placement
    return None
