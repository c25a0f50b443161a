"""The SQL of joining, of the draw, and of lists."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.rules import BarringPenalty
from services.appointments.people.ownership import owned_by
from services.appointments.people.rules import Person, same_person, turns_of
from services.appointments.releases.models import (
    Release,
    ReleaseEntry,
    ReleaseEntryState,
    ReleaseState,
)
from services.appointments.releases.rules import IN_LINE, LIVE
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest

# The turns are of one moment with what the person has, so that two requests meet there.
_JOINING = f"""
SELECT {columns(Release, "r")}, w.citizen_key, w.document, w.phone, {turns_of("w")}, ARRAY(
    SELECT ROW(e.id, e.state, e.citizen_key = w.citizen_key OR e.person_document = w.document)
    FROM release_entry e WHERE e.release_id = r.id AND {same_person("e", "w")}
      AND e.state IN ({IN_LINE}) ORDER BY e.joined_at LIMIT 1
  ), ARRAY(
    SELECT ROW(p.id, p.hall_code, p.citizen_key, p.person_document, p.person_phone, p.blocked_until)
    FROM penalty p WHERE {same_person("p", "w", apart=True)} AND p.hall_code = r.hall_code
      AND p.blocked_until > $5 AND p.lifted_at IS NULL ORDER BY p.blocked_until DESC LIMIT 1
  )
FROM release r CROSS JOIN (
  SELECT $1::text AS citizen_key, coalesce($2::text, v.document) AS document,
    coalesce($3::text, v.phone) AS phone
  FROM (SELECT 1) AS one LEFT JOIN verified_account v ON v.citizen_key = $1
) w
WHERE r.id = $4
"""
_ENTRY = f"""
SELECT {columns(ReleaseEntry, "e")}, e.id, {columns(Release, "r")}
FROM release_entry e JOIN release r ON r.id = e.release_id WHERE e.id = $1
"""
_DRAWN = """
SELECT number, id FROM release_entry
WHERE release_id = $1 AND is_drawn AND number IS NOT NULL AND number > $2
  AND EXISTS (SELECT FROM release WHERE id = $1 AND drawn_at IS NOT NULL)
ORDER BY number LIMIT $3
"""
_OVERLAPPING = text(f"""
SELECT id FROM release
WHERE hall_code = :hall AND state IN ({LIVE}) AND first_on <= :last AND :first <= last_on
  AND CAST(item_codes AS text[]) && CAST(:items AS text[]) LIMIT 1
""")


class JoiningLine(NamedTuple):
    """A release, who would join it, and what stands against that."""

    release: Release
    person: Person
    turns: dict[str, int]
    present: UUID | None
    """Their place in line."""
    present_state: str
    is_own: bool
    penalty: BarringPenalty | None


class SeenEntry(NamedTuple):
    """Somebody in line, and for what."""

    entry: ReleaseEntry
    release: Release


async def joining(
    direct: DirectPool, person: Person, release: UUID, now: datetime
) -> JoiningLine | None:
    """All of one moment; None for an unknown release."""
    row = await direct.fetchrow(_JOINING, *person, release, now)
    if row is None:
        return None
    key, document, phone, turns, present, penalties = rest(Release, row)
    mine = tuple(present[0]) if present else (None, "", False)
    barring = BarringPenalty(*penalties[0]) if penalties else None
    who = Person(key, document, phone)
    known = dict(map(tuple, turns))
    return JoiningLine(loaded(Release, row), who, known, mine[0], mine[1], bool(mine[2]), barring)


async def entry(direct: DirectPool, key: UUID) -> SeenEntry | None:
    """The place in line, with its release."""
    row = await direct.fetchrow(_ENTRY, key)
    if row is None:
        return None
    _, *of_release = rest(ReleaseEntry, row)
    return SeenEntry(loaded(ReleaseEntry, row), loaded(Release, of_release))


async def drawn(
    direct: DirectPool, release: UUID, after: int, limit: int
) -> list[tuple[int, UUID]]:
    """The ids of the draw in their order, behind that number."""
    return [(row[0], row[1]) for row in await direct.fetch(_DRAWN, release, after, limit)]


async def find(session: AsyncSession, key: UUID) -> Release | None:
    """The release with that id."""
    return (await session.exec(select(Release).where(Release.id == key))).one_or_none()


async def overlapping(
    session: AsyncSession, hall: str, items: Sequence[str], first: date, last: date
) -> UUID | None:
    """A release of the hall that is not over and gives out some of the same places."""
    values = {"hall": hall, "items": list(items), "first": first, "last": last}
    found: UUID | None = await session.scalar(_OVERLAPPING, values)
    return found


async def releases_of(
    session: AsyncSession,
    *,
    hall: str | None,
    state: ReleaseState | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Release]:
    """Those of a hall, or of all; newest first."""
    rows = select(Release).order_by(desc(Release.id)).limit(limit)
    if hall is not None:
        rows = rows.where(col(Release.hall_code) == hall)
    if state is not None:
        rows = rows.where(col(Release.state) == state)
    if before is not None:
        rows = rows.where(col(Release.id) < before)
    return (await session.exec(rows)).all()


async def entries_of(
    session: AsyncSession,
    *,
    release: UUID | None,
    me: Person | None,
    state: ReleaseEntryState | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[SeenEntry]:
    """Those of a release, or of a person, in the order of joining."""
    rows = (
        select(ReleaseEntry, Release)
        .join(Release, col(Release.id) == col(ReleaseEntry.release_id))
        .order_by(col(ReleaseEntry.joined_at), col(ReleaseEntry.id))
        .limit(limit)
    )
    if release is not None:
        rows = rows.where(col(ReleaseEntry.release_id) == release)
    if me is not None:
        rows = rows.where(owned_by(me, ReleaseEntry))
    if state is not None:
        rows = rows.where(col(ReleaseEntry.state) == state)
    if after is not None:
        joined_at, key = after
        later = col(ReleaseEntry.joined_at) > joined_at
        same = (col(ReleaseEntry.joined_at) == joined_at) & (col(ReleaseEntry.id) > key)
        rows = rows.where(later | same)
    return [SeenEntry(*row) for row in (await session.exec(rows)).all()]
