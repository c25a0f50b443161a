"""What the jobs do to many in line at once. Whoever locks several locks the release first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.channels import OWN
from services.appointments.releases.models import Release, ReleaseEntry, ReleaseState
from services.appointments.releases.workflow import (
    ENTRIES,
    RELEASES,
    ReleaseAction,
    ReleaseEntryAction,
)
from shared.database.transitions import listed, sources, target

_CLOSING = sources(RELEASES.of(ReleaseAction.CLOSE))
_DRAWING = sources(RELEASES.of(ReleaseAction.DRAW))
_ADVANCING = sources(RELEASES.of(ReleaseAction.ADVANCE))
_OVER = listed([ReleaseState.ENDED, ReleaseState.WITHDRAWN])
_ADMITTING = ENTRIES.of(ReleaseEntryAction.ADMIT)
_LAPSING = ENTRIES.of(ReleaseEntryAction.LAPSE)
_DROPPING = ENTRIES.of(ReleaseEntryAction.DROP)
_PERSONS = "coalesce(persons, 1)"
"""For so many a place in line counts; the release before did not ask for how many it is."""

_DUE = text(f"""
SELECT id FROM release WHERE state IN ({_CLOSING}) AND opens_at <= :now ORDER BY opens_at
""")
# NO KEY, for who joins refers to the row. It waits for those who joined before the release and are
# just being written, and whoever of them comes later is decided anew: after it they are late.
_LOCK_DUE = text(f"""
SELECT * FROM release WHERE id = :id AND state IN ({_CLOSING}) FOR NO KEY UPDATE
""")
_CLOSED = text(f"SELECT id FROM release WHERE state IN ({_DRAWING}) ORDER BY id")
_LOCK_CLOSED = text(f"""
SELECT * FROM release WHERE id = :id AND state IN ({_DRAWING}) FOR NO KEY UPDATE
""")
_OPEN = text(f"SELECT id FROM release WHERE state IN ({_ADVANCING}) ORDER BY id")
_LOCK_OPEN = text(f"""
SELECT * FROM release WHERE id = :id AND state IN ({_ADVANCING}) FOR NO KEY UPDATE
""")
_IN_DRAW = text("SELECT id FROM release_entry WHERE release_id = :release AND is_drawn")
_NUMBER_DRAWN = text("""
UPDATE release_entry e SET number = :behind + drawn.number
FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS drawn(id, number) WHERE e.id = drawn.id
""")
NUMBERED_AT_ONCE = 5_000
"""So many are given a number by one statement, whose time is limited."""
# By arrival, behind all who have a number.
_NUMBER_LATE = text(f"""
UPDATE release_entry e SET number = late.number FROM (
  SELECT id, :last + row_number() OVER (ORDER BY joined_at, id) AS number FROM release_entry
  WHERE release_id = :release AND number IS NULL AND state IN ({sources(_ADMITTING)})
  ORDER BY joined_at, id LIMIT {NUMBERED_AT_ONCE}
) late WHERE e.id = late.id
""")
# Of the pools alone by which everybody in line may book: what only staff or a machine give away is
# nothing that somebody with an account could be admitted to.
_MEASURE = text(f"""
SELECT (
  SELECT count(*) FROM release_entry
  WHERE release_id = :release AND state = 'booked' AND changed_at >= :since
), (
  SELECT coalesce(sum({_PERSONS}), 0) FROM release_entry
  WHERE release_id = :release AND state IN ({sources(_LAPSING)})
), (
  SELECT coalesce(sum(s.capacity - s.booked - s.kept_back), 0) FROM slot s
  WHERE s.hall_code = :hall AND s.pool IN ({listed(OWN)})
    AND s.state = 'open' AND s.closes_at > :now
    AND s.starts_at >= :first AND s.starts_at < :until
    AND s.item_codes::text[] && CAST(:items AS text[])
)
""")
# Who is just leaving is passed over, and asked the next time if they stay. Whoever is next comes in
# while a place is left, though they are several and not all of them find one: nobody is passed over
# for who comes alone.
_ADMIT = text(f"""
WITH waiting AS MATERIALIZED (
  SELECT id, number, {_PERSONS} AS persons FROM release_entry
  WHERE release_id = :release AND state IN ({sources(_ADMITTING)}) AND number IS NOT NULL
  ORDER BY number LIMIT :most FOR UPDATE SKIP LOCKED
), next AS (
  SELECT id FROM (
    SELECT id, sum(persons) OVER (ORDER BY number) - persons AS before FROM waiting
  ) one WHERE before < :room
)
UPDATE release_entry e SET state = {target(_ADMITTING)}, version = version + 1,
  admitted_at = :now, expires_at = :until, changed_at = :now
FROM next WHERE e.id = next.id RETURNING e.*
""")
_LAPSE = text(f"""
WITH over AS (
  SELECT id FROM release_entry
  WHERE release_id = :release AND state IN ({sources(_LAPSING)}) AND expires_at <= :now
  ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE release_entry e SET state = {target(_LAPSING)}, version = version + 1, changed_at = :now
FROM over WHERE e.id = over.id RETURNING e.*
""")
_TO_CLEAR = text(f"""
SELECT id FROM release r WHERE state IN ({_OVER}) AND cleared_at IS NULL AND (
  changed_at <= :settled OR EXISTS (
    SELECT FROM release_entry e
    WHERE e.release_id = r.id AND e.state IN ({sources(_DROPPING)})
  )
) ORDER BY changed_at
""")
_LOCK_OVER = text(f"""
SELECT * FROM release WHERE id = :id AND state IN ({_OVER}) AND cleared_at IS NULL
FOR NO KEY UPDATE
""")
_DROP = text(f"""
WITH over AS (
  SELECT id FROM release_entry
  WHERE release_id = :release AND state IN ({sources(_DROPPING)})
  ORDER BY id LIMIT :most FOR UPDATE
)
UPDATE release_entry e SET state = {target(_DROPPING)}, version = version + 1, changed_at = :now
FROM over WHERE e.id = over.id RETURNING e.*
""")
_CLEARED = text("UPDATE release SET cleared_at = :now WHERE id = :release")


class Measured(NamedTuple):
    """How many booked lately, for how many people may be booked now, and how many places are
    free."""

    booked: int
    admitted: int
    places: int


async def _release(
    session: AsyncSession, statement: TextClause, **values: object
) -> Release | None:
    rows, fresh = select(Release).from_statement(statement), {"populate_existing": True}
    return (await session.scalars(rows, values, execution_options=fresh)).one_or_none()


async def _entries(
    session: AsyncSession, statement: TextClause, **values: object
) -> Sequence[ReleaseEntry]:
    rows, fresh = select(ReleaseEntry).from_statement(statement), {"populate_existing": True}
    return (await session.scalars(rows, values, execution_options=fresh)).all()


async def due_releases(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Those whose time has come, the earliest first."""
    return (await session.scalars(_DUE, {"now": now})).all()


async def lock_due(session: AsyncSession, release: UUID) -> Release | None:
    """The release, held until the transaction ends; None where it is not to be closed any more."""
    return await _release(session, _LOCK_DUE, id=release)


async def closed_releases(session: AsyncSession) -> Sequence[UUID]:
    """Those that are to be drawn."""
    return (await session.scalars(_CLOSED)).all()


async def lock_closed(session: AsyncSession, release: UUID) -> Release | None:
    """The release, held until the transaction ends; None where it is not to be drawn any more."""
    return await _release(session, _LOCK_CLOSED, id=release)


async def in_draw(session: AsyncSession, release: UUID) -> Sequence[UUID]:
    """Who is in the draw: fixed once joining is closed, though they leave afterwards."""
    return (await session.scalars(_IN_DRAW, {"release": release})).all()


async def number_drawn(session: AsyncSession, order: Sequence[UUID], behind: int) -> None:
    """Gives the numbers that follow `behind`; to some thousand at a time."""
    await session.execute(_NUMBER_DRAWN, {"ids": list(order), "behind": behind})


async def open_releases(session: AsyncSession) -> Sequence[UUID]:
    """Those that are giving out places."""
    return (await session.scalars(_OPEN)).all()


async def lock_open(session: AsyncSession, release: UUID) -> Release | None:
    """The release, held until the transaction ends; None where it is not open any more."""
    return await _release(session, _LOCK_OPEN, id=release)


async def number_late(session: AsyncSession, release: UUID, last: int) -> int:
    """Numbers behind `last` for who joined since. Returns how many."""
    found = await session.execute(_NUMBER_LATE, {"release": release, "last": last})
    return int(found.rowcount)  # type: ignore[attr-defined]


async def measure(
    session: AsyncSession, release: Release, since: datetime, now: datetime
) -> Measured:
    """What the pace goes by."""
    values = {
        "release": release.id,
        "hall": release.hall_code,
        "items": release.item_codes,
        "first": release.starts_from,
        "until": release.starts_until,
        "since": since,
        "now": now,
    }
    booked, admitted, places = (await session.execute(_MEASURE, values)).one()
    return Measured(booked, admitted, places)


async def admit(
    session: AsyncSession, release: UUID, most: int, room: int, until: datetime, now: datetime
) -> Sequence[ReleaseEntry]:
    """Those whose turn it is, as they are then: so many at the most, while so many places are left.
    They may book until then."""
    if most < 1 or room < 1:
        return []
    asked = {"release": release, "most": most, "room": room}
    return await _entries(session, _ADMIT, **asked, until=until, now=now)


async def lapse(
    session: AsyncSession, release: UUID, most: int, now: datetime
) -> Sequence[ReleaseEntry]:
    """Those who have not booked in time, as they are then; so many at the most."""
    return await _entries(session, _LAPSE, release=release, most=most, now=now)


async def to_clear(session: AsyncSession, settled: datetime) -> Sequence[UUID]:
    """Those that are over, of which somebody is still in line; or that were over by `settled`, and
    nobody is."""
    return (await session.scalars(_TO_CLEAR, {"settled": settled})).all()


async def lock_over(session: AsyncSession, release: UUID) -> Release | None:
    """The release, held until the transaction ends; None where nobody is in line any more."""
    return await _release(session, _LOCK_OVER, id=release)


async def drop(
    session: AsyncSession, release: UUID, most: int, now: datetime
) -> Sequence[ReleaseEntry]:
    """Those who were in line when it was over, as they are then."""
    return await _entries(session, _DROP, release=release, most=most, now=now)


async def cleared(session: AsyncSession, release: UUID, now: datetime) -> None:
    """Nobody is in line any more, and nobody can be."""
    await session.execute(_CLEARED, {"release": release, "now": now})
