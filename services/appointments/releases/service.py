"""What a booking asks of releases: whether its time is one of theirs, and whose turn it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people.rules import Person
from services.appointments.releases import queries, rules
from services.appointments.releases import statement as using
from services.appointments.releases.events import ReleaseEntryEvent
from services.appointments.releases.models import ReleaseEntry, ReleaseEntryState
from services.appointments.releases.rules import NotAdmitted, PressingRelease, SeenRelease
from services.appointments.releases.workflow import ENTRIES, ReleaseEntryAction
from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


class _KnownReleases:
    """What the bookings of a process know of the releases of a hall."""

    def __init__(self) -> None:
        self.pressing = Cache[str, Sequence[PressingRelease]](seconds=5, most=5_000)


async def pressing(direct: DirectPool, hall: str) -> Sequence[PressingRelease]:
    """The releases of the hall that are not over, at most five seconds old."""

    async def ask() -> Sequence[PressingRelease]:
        return await queries.pressing(direct, hall)

    return await memory_of(direct, _KnownReleases).pressing.get(hall, ask)


async def covering(
    direct: DirectPool, hall: str, items: Collection[str], starts_at: datetime
) -> list[PressingRelease]:
    """The releases of which a visit at that time is: of a hall without one nobody waits for an
    answer of the database."""
    return [one for one in await pressing(direct, hall) if one.covers(items, starts_at)]


def changed(source: AsyncSession | DirectPool) -> None:
    """A release came or went: this process asks anew."""
    memory_of(source, _KnownReleases).pressing.clear()


async def standing(
    direct: DirectPool,
    person: Person,
    hall: str,
    items: Collection[str],
    starts_at: datetime,
) -> list[SeenRelease]:
    """How the person stands with each release of that time that is not over: of an item there is
    one at the most."""
    return await queries.standing(direct, person, hall, items, starts_at)


def use(statement: SwapStatement, seen: SeenRelease, appointment: UUID, now: datetime) -> None:
    """Who was admitted books by it, with the statement that gives them their places."""
    entry = seen.entry
    assert entry is not None
    using.use(statement, entry, appointment, now)
    row = ENTRIES[entry.state, ReleaseEntryAction.BOOK]
    after = {"state": row.to, "version": entry.version + 1, "appointment_id": appointment}
    outbox.promise(statement, of_change(row.event, entry, seen.release.hall_code, **after))


def of_change(
    kind: type[ReleaseEntryEvent], entry: ReleaseEntry, hall: str, **others: object
) -> Addressed:
    """The event of a change of somebody in line, in the scope of the hall."""
    facts = {
        "entry_id": entry.id,
        "release_id": entry.release_id,
        "hall_code": hall,
        "state": entry.state,
        "version": entry.version,
    }
    return Addressed(kind.model_validate({**facts, **others}), hall, str(entry.id))


def refusal(seen: SeenRelease, now: datetime) -> NotAdmitted:
    """Why the person may not book yet, and how they can."""
    entry = seen.entry
    if entry is None:
        return rules.not_admitted(seen.release, None, now)
    theirs = {"entry_id": str(entry.id), "entry_state": how_it_stands(entry, now).value}
    number = None if seen.release.drawn_at is None else entry.number
    return rules.not_admitted(seen.release, number, now, **theirs)


def is_for(entry: ReleaseEntry, persons: int) -> bool:
    """Whether so many may be booked by it; of any number where nobody was asked for how many."""
    return entry.persons is None or persons <= entry.persons


def how_it_stands(entry: ReleaseEntry, now: datetime) -> ReleaseEntryState:
    """The state, though no job has noted yet that the window is over."""
    row = ENTRIES.get(entry.state, ReleaseEntryAction.LAPSE)
    over = entry.expires_at is not None and entry.expires_at <= now
    return row.to if over and row is not None else entry.state


def may_book(entry: ReleaseEntry, now: datetime) -> bool:
    """Whether it is their turn, and the window is not over."""
    in_turn = ENTRIES.get(entry.state, ReleaseEntryAction.BOOK) is not None
    return in_turn and entry.expires_at is not None and now < entry.expires_at
