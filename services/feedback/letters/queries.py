"""All SQL about letters themselves."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import rules, statement
from services.feedback.letters.models import (
    DuplicateHint,
    Letter,
    LetterDay,
    LetterSupplement,
)
from services.feedback.letters.schemas import LetterFilter, LetterOrder
from services.feedback.letters.statement import visible_to as visible_to
from shared.database import deciding
from shared.database.deciding import DecidingSession
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.security.identity import Caller

_NOTE_ALIKE = text("""
    INSERT INTO duplicate_hint (letter_id, other_id, likeness)
    SELECT * FROM unnest(CAST(:letter_id AS uuid[]), CAST(:other_id AS uuid[]),
        CAST(:likeness AS double precision[]))
""")
_RENEW_CODE = text("UPDATE letter SET renewed_code_hash = :code WHERE id = :id")


class Alike(NamedTuple):
    """A letter, and how many numbers its sketch has in common with another."""

    id: UUID
    in_common: int


class HintRow(NamedTuple):
    """A letter, an earlier one that reads much like it, and how much."""

    letter_id: UUID
    other_id: UUID
    other_reg_no: str
    likeness: float


class ListedLetter(NamedTuple):
    """A letter of a work list, and the last day to reply; `NEVER_DUE` where none is running."""

    letter: Letter
    due_on: date


class Attempts(NamedTuple):
    """The wrong codes tried on a number, and when the count began."""

    failures: int
    first_at: datetime


async def next_serial(session: AsyncSession, region: str, day: date) -> int:
    """The day's next serial. Locks the day's row until the transaction ends, so that a letter that
    rolls back gives its number back and the series has no gap.
    """
    take = (
        insert(LetterDay)
        .values(region=region, day=day, last_serial=1)
        .on_conflict_do_update(
            index_elements=["region", "day"],
            set_={"last_serial": col(LetterDay.last_serial) + 1},
        )
        .returning(col(LetterDay.last_serial))
    )
    return int((await session.execute(take)).scalar_one())


def take_serial(session: DecidingSession, found: LetterDay) -> int:
    """The serial after the last one that was seen of the day, taken with what is decided: where
    somebody was faster all is decided anew, so that the series has no gap here either.
    """
    # Whichever of the two is written first meets who was faster: the day's row, or the letter's.
    session.statement.refusing("uq_letter_reg_no", Overtaken)
    if found.last_serial:
        return session.statement.swap(found, {}, counter="last_serial", follows=True).last_serial
    found.last_serial = 1
    session.statement.insert(found)
    session.statement.refusing("pk_letter_day", Overtaken)
    return found.last_serial


async def by_id(session: AsyncSession, letter_id: UUID) -> Letter | None:
    """The letter as it stands now, whatever this session has read before."""
    rows = select(Letter).where(col(Letter.id) == letter_id)
    found = await session.execute(rows.execution_options(populate_existing=True))
    return found.scalars().one_or_none()


async def by_ids(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Letter]:
    """The letters as they stand now, by id."""
    rows = select(Letter).where(col(Letter.id).in_(list(ids)))
    found = await session.execute(rows.execution_options(populate_existing=True))
    return {letter.id: letter for letter in found.scalars()}


async def by_number(session: AsyncSession, reg_no: str) -> Letter | None:
    rows = select(Letter).where(col(Letter.reg_no) == reg_no)
    return (await session.execute(rows)).scalars().one_or_none()


async def renew_code(session: AsyncSession, letter_id: UUID, code_hash: str) -> None:
    """Whichever was renewed last opens the letter; nothing else of it changes."""
    await deciding.write(session, _RENEW_CODE, {"id": letter_id, "code": code_hash})


async def of_account(
    session: AsyncSession, account: Sequence[str], after: tuple[Any, ...] | None, limit: int
) -> Sequence[Letter]:
    """The letters of an account, by its digests; latest first."""
    rows = (
        select(Letter)
        .where(col(Letter.account_index).in_(account))
        .order_by(col(Letter.received_at).desc(), col(Letter.id).desc())
        .limit(limit)
    )
    if after is not None:
        rows = rows.where(tuple_(col(Letter.received_at), col(Letter.id)) < after)
    return (await session.execute(rows)).scalars().all()


async def merged_into(session: AsyncSession, letter_id: UUID) -> Sequence[Letter]:
    rows = (
        select(Letter)
        .where(col(Letter.merged_into) == letter_id)
        .order_by(col(Letter.received_at), col(Letter.id))
        .execution_options(populate_existing=True)
    )
    return (await session.execute(rows)).scalars().all()


async def supplements(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[LetterSupplement]:
    """What the senders of these letters added, in the order in which it came."""
    rows = (
        select(LetterSupplement)
        .where(col(LetterSupplement.letter_id).in_(ids))
        .order_by(col(LetterSupplement.id))
    )
    return (await session.execute(rows)).scalars().all()


async def lock(session: AsyncSession, letter_id: UUID) -> Letter:
    """The letter as it is now, locked."""
    row = (
        select(Letter)
        .where(col(Letter.id) == letter_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: Letter = (await session.execute(row)).scalar_one()
    return found


class Neighbours(NamedTuple):
    """Earlier letters that are most like one; the last serial of the day, 0 before the first."""

    alike: Sequence[Alike]
    day: LetterDay


async def neighbours(
    session: AsyncSession, sketch: list[int], since: datetime, limit: int, region: str, day: date
) -> Neighbours:
    """The letters since a moment that are most like a sketch, and the day's serials."""
    theirs = func.unnest(col(Letter.sketch)).column_valued("number")
    shared = select(func.count()).where(theirs.in_(sketch)).scalar_subquery()
    like = (
        select(col(Letter.id), shared.label("shared"), col(Letter.received_at))
        .where(col(Letter.sketch).bool_op("&&")(sketch), col(Letter.received_at) >= since)
        .order_by(shared.desc(), col(Letter.received_at).desc())
        .limit(limit)
        .subquery()
    )
    last = select(col(LetterDay.last_serial)).where(
        col(LetterDay.region) == region, col(LetterDay.day) == day
    )
    one = select(func.coalesce(last.scalar_subquery(), 0).label("last")).subquery()
    rows = select(one.c.last, like.c.id, like.c.shared).select_from(
        one.outerjoin(like, true() if sketch else false())
    )
    in_order = rows.order_by(like.c.shared.desc(), like.c.received_at.desc())
    found = (await session.execute(in_order)).all()
    alike = [Alike(*row[1:]) for row in found if row[1] is not None]
    return Neighbours(alike, LetterDay(region=region, day=day, last_serial=found[0][0]))


async def note_alike(
    session: AsyncSession, letter_id: UUID, likeness: Sequence[tuple[UUID, float]]
) -> None:
    """That earlier letters read like this one, and how much."""
    rows = [
        {"letter_id": letter_id, "other_id": other, "likeness": share} for other, share in likeness
    ]
    await deciding.write_rows(session, _NOTE_ALIKE, rows)


async def duplicates_of(
    session: AsyncSession, ids: Sequence[UUID], caller: Caller
) -> Sequence[HintRow]:
    """What was noted of these letters, where the caller may see the other."""
    rows = (
        select(
            col(DuplicateHint.letter_id),
            col(Letter.id),
            col(Letter.reg_no),
            col(DuplicateHint.likeness),
        )
        .join(Letter, col(Letter.id) == col(DuplicateHint.other_id))
        .where(col(DuplicateHint.letter_id).in_(ids), visible_to(caller))
        .order_by(col(DuplicateHint.likeness).desc())
    )
    return [HintRow(*row) for row in await session.execute(rows)]


async def work_list(
    session: AsyncSession,
    caller: Caller,
    wanted: LetterFilter,
    after: tuple[Any, ...] | None,
    limit: int,
    *besides: ColumnElement[bool],
) -> Sequence[ListedLetter]:
    """Letters that the caller may see: latest first, or by the day that their reply is due.

    `after` is the place of the last one before; what must hold `besides` is the caller's business.
    """
    if wanted.order is not LetterOrder.DUE_ON:
        rows = statement.latest(caller, wanted, besides, after, limit)
        return [ListedLetter(*row) for row in await session.execute(rows)]
    found: dict[UUID, ListedLetter] = {}  # by id: between two statements a limit may end
    for rows in statement.by_limit(caller, wanted, besides, after, limit):
        if len(found) < limit:
            listed = [ListedLetter(*row) for row in await session.execute(rows)]
            found = {row.letter.id: row for row in listed} | found
    return sorted(found.values(), key=lambda row: (row.due_on, row.letter.id))[:limit]


async def attempts(direct: DirectPool, reg_no: str) -> Attempts | None:
    """The wrong codes tried on a number, None where there were none."""
    found = await direct.fetchrow(
        "SELECT failures, first_at FROM code_attempt WHERE reg_no = $1", reg_no
    )
    return Attempts(*found) if found is not None else None


async def count_wrong_code(direct: DirectPool, reg_no: str, now: datetime) -> None:
    """Commits by itself, for the request that tried the code is rolled back. An hour later the
    count starts again.
    """
    await direct.execute(
        """
        INSERT INTO code_attempt AS a (reg_no, failures, first_at) VALUES ($1, 1, $2)
        ON CONFLICT (reg_no) DO UPDATE SET
            failures = CASE WHEN a.first_at < $3 THEN 1 ELSE a.failures + 1 END,
            first_at = CASE WHEN a.first_at < $3 THEN $2 ELSE a.first_at END
        """,
        reg_no,
        now,
        now - rules.ATTEMPT_WINDOW,
    )
