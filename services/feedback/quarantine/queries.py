"""All SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select, text, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters.likeness import SAME_TEXT, numbers_in_common
from services.feedback.letters.models import Letter
from services.feedback.letters.rules import SELF_SERVICE
from services.feedback.quarantine.models import (
    QuarantinedLetter,
    QuarantinedSupplement,
    QuarantineState,
)
from shared.database import deciding

MOST_COMPARED = 5_000
"""So many places are opened to find the same one."""

_ADDED = exists().where(col(QuarantinedSupplement.quarantined_id) == col(QuarantinedLetter.id))
# Taken shared, so that nobody waits: it only shows who else is just writing the same text.
_WRITING = text("""
    SELECT count(pg_advisory_xact_lock_shared(17, hashint8(number)))
    FROM unnest(CAST(:numbers AS bigint[])) number
""")
_WRITERS = text("""
    SELECT count(*) FROM (
        SELECT pid FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 17 AND granted
            AND objid IN (
                SELECT (hashint8(number)::bigint & 4294967295)::oid
                FROM unnest(CAST(:numbers AS bigint[])) number
            )
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY pid HAVING count(*) >= :least
    ) writers
""")
_COPY_SUPPLEMENTS = text("""
    INSERT INTO letter_supplement (id, letter_id, text_sealed, at)
    SELECT id, quarantined_id, text_sealed, at FROM quarantined_supplement
    WHERE quarantined_id = :letter
""")
_FORGET_SUPPLEMENTS = text("DELETE FROM quarantined_supplement WHERE quarantined_id = :letter")
_LOCKED = 8
"""So many numbers of a sketch are enough to see who else is writing the same text."""


async def writing(session: AsyncSession, sketch: list[int]) -> int:
    """How many letters of this text, or one much like it, are being written at this moment, this
    one included.

    To be counted before those that are registered: of any two the later one finds the earlier one
    here or there, for a commit is seen before its locks are gone. So forty at once cannot all be
    the first, and none has to wait for another.
    """
    numbers = sketch[:_LOCKED] or [0]  # a text without letters is like any other such
    least = min(numbers_in_common(SAME_TEXT, of=_LOCKED), len(numbers))
    await session.execute(_WRITING, {"numbers": numbers})
    writers = await session.execute(_WRITERS, {"numbers": numbers, "least": least})
    return int(writers.scalar_one())


class WaitingAlike(NamedTuple):
    """A letter that waits, and its place, sealed."""

    id: UUID
    place_sealed: str | None


class Registered(NamedTuple):
    """How many letters of nobody known were registered lately: of one text, and of all."""

    equal: int
    in_all: int


async def registered_since(
    session: AsyncSession, sketch: list[int], day_ago: datetime, hour_ago: datetime
) -> Registered:
    """Of the same text or one much like it since a day ago, of all since an hour ago."""
    of_nobody = (
        col(Letter.contact_index).is_(None),
        col(Letter.account_index).is_(None),
        col(Letter.channel).in_(SELF_SERVICE),
    )
    counted = select(func.count()).select_from(Letter)
    equal = counted.where(*of_nobody, col(Letter.received_at) > day_ago, _reads_like(sketch))
    in_all = counted.where(*of_nobody, col(Letter.received_at) > hour_ago)
    rows = select(equal.scalar_subquery(), in_all.scalar_subquery())
    return Registered(*(await session.execute(rows)).one())


def _reads_like(sketch: list[int]) -> ColumnElement[bool]:
    """The index finds the letters that have any number of the sketch in common."""
    theirs = func.unnest(col(Letter.sketch)).column_valued("number")
    shared = select(func.count()).where(theirs.in_(sketch)).scalar_subquery()
    if not sketch:
        return col(Letter.sketch) == sketch
    enough = shared >= numbers_in_common(SAME_TEXT)
    return and_(col(Letter.sketch).bool_op("&&")(sketch), enough)


class Seen(NamedTuple):
    """A letter that waits or was decided, and how many of its text wait, itself included."""

    letter: QuarantinedLetter
    alike: int


async def seen(session: AsyncSession, letter_id: UUID) -> Seen | None:
    other = aliased(QuarantinedLetter)
    alike = select(func.count()).where(
        col(other.state) == QuarantineState.QUARANTINED,
        col(other.sketch) == col(QuarantinedLetter.sketch),
    )
    rows = select(QuarantinedLetter, alike.scalar_subquery()).where(
        col(QuarantinedLetter.id) == letter_id
    )
    found = await session.execute(rows.execution_options(populate_existing=True))
    row = found.one_or_none()
    return None if row is None else Seen(*row)


async def by_number(session: AsyncSession, waiting_no: str) -> QuarantinedLetter | None:
    rows = select(QuarantinedLetter).where(col(QuarantinedLetter.waiting_no) == waiting_no)
    return (await session.execute(rows)).scalars().one_or_none()


async def page(
    session: AsyncSession, state: QuarantineState, after: tuple[Any, ...] | None, limit: int
) -> Sequence[QuarantinedLetter]:
    """Those of a state, the earliest first."""
    key = tuple_(col(QuarantinedLetter.received_at), col(QuarantinedLetter.id))
    rows = (
        select(QuarantinedLetter)
        .where(col(QuarantinedLetter.state) == state)
        .order_by(col(QuarantinedLetter.received_at), col(QuarantinedLetter.id))
        .limit(limit)
    )
    if after is not None:
        rows = rows.where(key > after)
    return (await session.execute(rows)).scalars().all()


async def waiting_alike(
    session: AsyncSession, sketches: Collection[Sequence[int]]
) -> dict[tuple[int, ...], int]:
    """How many of each text wait."""
    sketch = col(QuarantinedLetter.sketch)
    rows = (
        select(sketch, func.count())
        .where(
            col(QuarantinedLetter.state) == QuarantineState.QUARANTINED,
            sketch.in_([list(one) for one in sketches]),
        )
        .group_by(sketch)
    )
    return {tuple(found): int(count) for found, count in await session.execute(rows)}


async def supplements(session: AsyncSession, *ids: UUID) -> Sequence[QuarantinedSupplement]:
    """What the senders of these letters added, in the order in which it came."""
    rows = (
        select(QuarantinedSupplement)
        .where(col(QuarantinedSupplement.quarantined_id).in_(ids))
        .order_by(col(QuarantinedSupplement.id))
    )
    return (await session.execute(rows)).scalars().all()


async def move_supplements(session: AsyncSession, letter_id: UUID) -> None:
    """Into the file of the letter that it became, as they were sealed."""
    for sql in (_COPY_SUPPLEMENTS, _FORGET_SUPPLEMENTS):
        await deciding.write(session, sql, {"letter": letter_id})


async def alike(session: AsyncSession, like: QuarantinedLetter) -> Sequence[WaitingAlike]:
    """Others of the same kind and text that wait, with a place where it has one and without where
    it has none, and nothing added to them; the earliest first.
    """
    place = col(QuarantinedLetter.place_sealed)
    rows = (
        select(col(QuarantinedLetter.id), place)
        .where(
            col(QuarantinedLetter.state) == QuarantineState.QUARANTINED,
            col(QuarantinedLetter.sketch) == like.sketch,
            col(QuarantinedLetter.kind) == like.kind,
            col(QuarantinedLetter.id) != like.id,
            place.is_(None) if like.place_sealed is None else place.is_not(None),
            ~_ADDED,
        )
        .order_by(col(QuarantinedLetter.received_at), col(QuarantinedLetter.id))
        .limit(MOST_COMPARED)
    )
    return [WaitingAlike(*row) for row in await session.execute(rows)]


async def lock_waiting(session: AsyncSession, ids: Collection[UUID]) -> Sequence[QuarantinedLetter]:
    """Those of them that still wait with nothing added; those under another's hand are left to
    them.
    """
    rows = (
        select(QuarantinedLetter)
        .where(
            col(QuarantinedLetter.state) == QuarantineState.QUARANTINED,
            col(QuarantinedLetter.id).in_(ids),
        )
        .order_by(col(QuarantinedLetter.received_at), col(QuarantinedLetter.id))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    locked = (await session.execute(rows)).scalars().all()
    # Asked once they are locked: nothing can be added to them any more.
    added = await session.execute(
        select(col(QuarantinedLetter.id)).where(col(QuarantinedLetter.id).in_(ids), _ADDED)
    )
    changed = set(added.scalars())
    return [one for one in locked if one.id not in changed]
