"""SQL of the release register and of carriers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, not_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.publishing import statement
from services.projects.publishing.models import (
    RegisteredRelease,
    RegisteredReleaseState,
    ReleasePlace,
)
from services.projects.publishing.rules import UnitClaim
from services.projects.publishing.workflow import (
    BELIEVED,
    UNFINISHED,
    WORKFLOW,
    RegisteredReleaseAction,
)
from shared.database.deciding import DecidingSession, write
from shared.database.faults import Overtaken

MOST_MISSED = 200
"""So many releases a turn are found missing."""
_BEFORE_SEEN, _SEEN = WORKFLOW.leads(RegisteredReleaseAction.SEE)
_BEFORE_MISSED, _MISSED = WORKFLOW.leads(RegisteredReleaseAction.MISS)


class SeenRelease(NamedTuple):
    """An entry of the register with its places, in their order."""

    release: RegisteredRelease
    places: list[ReleasePlace]


class ReleaseBasis(NamedTuple):
    """Whether what an entry refers to is there."""

    has_unit: bool
    has_item: bool
    has_duty: bool
    unknown_carriers: list[str]


class SoughtPlace(NamedTuple):
    """A place of a release at whose address a page stands."""

    place_id: UUID
    release_id: UUID
    page_id: UUID
    title: str
    doc_no: str | None


class TiedDuty(NamedTuple):
    """A duty for which the register names a document at the address of a page."""

    page_id: UUID
    duty_id: UUID
    title: str
    doc_no: str | None


class Waiting(NamedTuple):
    """What waits for somebody: states in which they may go on, and in which of them not with what
    they wrote, or checked."""

    sub: str
    states: Collection[str]
    not_own: Collection[str]
    not_checked: Collection[str]


class ReleaseFilter(NamedTuple):
    """Which entries of the register; None: all of them."""

    state: RegisteredReleaseState | None = None
    planned_before: datetime | None = None
    waits_for: Waiting | None = None


async def basis(
    session: AsyncSession,
    unit: str,
    item: str,
    duty: UUID | None,
    carriers: Collection[str],
    day: date,
) -> ReleaseBasis:
    """What an entry about that unit's item, and its places, refer to."""
    given = {"unit": unit, "item": item, "duty": duty, "carriers": [*carriers], "day": day}
    return ReleaseBasis(*(await session.execute(statement.BASIS, given)).one())


async def find(session: AsyncSession, release_id: UUID) -> SeenRelease | None:
    """The entry with its places, in one read."""
    found = await _with_places(session, col(RegisteredRelease.id) == release_id)
    return found[0] if found else None


async def find_push(session: AsyncSession, sub: str, digest: str) -> SeenRelease | None:
    """What the same one pushed before."""
    is_same = and_(
        col(RegisteredRelease.created_by) == sub, col(RegisteredRelease.push_sha256) == digest
    )
    found = await _with_places(session, is_same)
    return found[0] if found else None


async def page(
    session: AsyncSession,
    units: Collection[str] | None,
    wanted: ReleaseFilter,
    after: UUID | None,
    limit: int,
) -> list[SeenRelease]:
    """Entries of these units (None: of all), oldest first."""
    row = RegisteredRelease
    chosen = select(col(row.id)).order_by(col(row.id)).limit(limit)
    if units is not None:
        chosen = chosen.where(col(row.unit_code).in_(units))
    if wanted.state is not None:
        chosen = chosen.where(col(row.state) == wanted.state)
    if wanted.planned_before is not None:
        is_ahead = col(row.released_at).is_(None), col(row.state).not_in(WORKFLOW.ends)
        chosen = chosen.where(col(row.planned_at) < wanted.planned_before, *is_ahead)
    if wanted.waits_for is not None:
        chosen = chosen.where(*_waits_for(wanted.waits_for))
    if after is not None:
        chosen = chosen.where(col(row.id) > after)
    return await _with_places(session, col(row.id).in_(chosen))


def _waits_for(who: Waiting) -> list[ColumnElement[bool]]:
    state = col(RegisteredRelease.state)
    is_own = func.jsonb_exists(col(RegisteredRelease.authors), who.sub)
    has_checked = col(RegisteredRelease.checked_by).is_not_distinct_from(who.sub)
    return [
        state.in_(who.states),
        not_(and_(state.in_(who.not_own), is_own)),
        not_(and_(state.in_(who.not_checked), has_checked)),
    ]


async def _with_places(session: AsyncSession, which: ColumnElement[bool]) -> list[SeenRelease]:
    rows = (
        select(RegisteredRelease, ReleasePlace)
        .outerjoin(ReleasePlace, col(ReleasePlace.release_id) == col(RegisteredRelease.id))
        .where(which)
        .order_by(col(RegisteredRelease.id), col(ReleasePlace.id))
    )
    found: dict[UUID, SeenRelease] = {}
    for release, place in (await session.execute(rows)).all():
        one = found.setdefault(release.id, SeenRelease(release, []))
        if place is not None:
            one.places.append(place)
    return [*found.values()]


async def with_documents(
    session: AsyncSession, after: UUID | None, limit: int
) -> list[tuple[UUID, str]]:
    """Entries by their ids, each with the name of the bytes of its document."""
    row = RegisteredRelease
    name = col(row.document)["sha256"].as_string()
    found = select(col(row.id), name).where(col(row.document).is_not(None))
    if after is not None:
        found = found.where(col(row.id) > after)
    return [(e[0], e[1]) for e in await session.execute(found.order_by(col(row.id)).limit(limit))]


def add(session: DecidingSession, release: RegisteredRelease, places: Sequence[Any]) -> None:
    """A new entry; where the same push came meanwhile, all is decided anew."""
    session.statement.refusing("uq_registered_release_created_by_push_sha256", Overtaken)
    session.add_all([release, *places])


async def hand_over(
    session: AsyncSession, unit: str, into: str, now: datetime
) -> tuple[list[str], list[UUID]]:
    """The unit's carriers, and its entries that have no number yet, are the other one's."""
    given = {"unit": unit, "into": into}
    carriers = await session.execute(statement.HAND_OVER_CARRIERS, {**given, "now": now})
    wanted = {**given, "unfinished": sorted(UNFINISHED)}
    releases = await session.execute(statement.HAND_OVER_RELEASES, wanted)
    return sorted(carriers.scalars()), sorted(releases.scalars())


async def next_number(session: DecidingSession, unit: str, year: int) -> int:
    """The next running number of the unit's year; of two that take it one decides anew."""
    session.statement.refusing(
        "uq_registered_release_unit_code_register_year_register_seq", Overtaken
    )
    found = await session.execute(statement.NUMBER, {"unit": unit, "year": year})
    return int(found.scalar_one())


async def claims(
    session: AsyncSession, duties: Collection[UUID], portals: Collection[str]
) -> tuple[list[UnitClaim], set[str]]:
    """What units say of these duties and may be held against pages, the earliest first; and those
    of the portals that are carriers, and no statutory ones."""
    given = {"duties": [*duties], "portals": [*portals], "believed": sorted(BELIEVED)}
    rows = (await session.execute(statement.CLAIMS, given)).all()
    found = [UnitClaim(*row[1:8]) for row in rows if row.duty_id is not None]
    return found, set(rows[0].portals)


async def coverage_only(session: AsyncSession, portals: Collection[str]) -> set[str]:
    """Those of the portals that are carriers, and no statutory ones."""
    found = await session.execute(statement.COVERAGE_ONLY, {"portals": [*portals]})
    return set(found.scalars())


async def want_places(session: AsyncSession) -> int:
    """Have the pages at addresses that were released since matched again; how many places."""
    found = (await session.execute(statement.WANT_PLACES)).one()
    return int(found.places)


async def want_again(session: AsyncSession, duties: Collection[UUID]) -> None:
    """Have the pages that the register names for these duties matched again."""
    given = {"duties": [*duties], "believed": sorted(BELIEVED)}
    await session.execute(statement.WANT_AGAIN, given)


async def tied_to(session: AsyncSession, pages: Collection[UUID]) -> list[TiedDuty]:
    """Duties of which nothing was seen, and the documents that the register names for them at the
    addresses of these pages."""
    given = {"pages": [*pages], "believed": sorted(BELIEVED)}
    return [TiedDuty(*row) for row in await session.execute(statement.TIED_TO, given)]


async def sought_on(session: AsyncSession, pages: Collection[UUID]) -> list[SoughtPlace]:
    """Places that nobody has found yet, at the addresses of these pages."""
    given = {"pages": [*pages], "sought": sorted(BELIEVED)}
    return [SoughtPlace(*row) for row in await session.execute(statement.PLACES_ON, given)]


async def note_seen(
    session: AsyncSession, found: Mapping[UUID, SoughtPlace], now: datetime, *, actor: str
) -> list[UUID]:
    """The places, by their ids, were found on their pages; the releases that are verified by it."""
    given = {"places": [*found], "pages": [each.page_id for each in found.values()], "now": now}
    await session.execute(statement.NOTE_SEEN, given)
    releases = sorted({each.release_id for each in found.values()})
    moved = {"to": _SEEN, "before": sorted(_BEFORE_SEEN), "actor": actor, "now": now}
    verified = await session.execute(statement.VERIFY_SEEN, {"releases": releases, **moved})
    return list(verified.scalars())


async def note_missed(session: AsyncSession) -> list[UUID]:
    """The releases that two walks did not find are for a person now, some at a time."""
    moved = {"to": _MISSED, "before": sorted(_BEFORE_MISSED), "limit": MOST_MISSED}
    return list((await session.execute(statement.MISS, moved)).scalars())


async def note_places(session: AsyncSession, places: Collection[UUID], now: datetime) -> None:
    """A person has found it at these places, as far as the collector has not."""
    await write(session, statement.FOUND_BY_PERSON, {"places": [*places], "now": now})
