"""All SQL of the room."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.publication.models import (
    PublishedLetter,
    Redaction,
    RedactionApproval,
    RedactionSpan,
    ReviewVerdict,
)
from shared.database.engine import DirectPool

_COLUMNS = """reg_no, kind, title, body, reply, department, department_code, received_on,
    replied_on, published_at"""

# The hits are materialised: else ORDER BY ... LIMIT walks the date index through the whole table
# whenever a word is rare. LIKE is the recheck that makes hashed pairs exact.
_SEARCH = f"""
WITH hits AS MATERIALIZED (
    SELECT letter_id, published_at, reg_no FROM published_letter
    WHERE taken_down_at IS NULL AND grams @> $1::int[] AND haystack LIKE ALL ($2::text[])
      AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR department_code = $4)
), shown AS (
    SELECT letter_id FROM hits
    WHERE $5::timestamptz IS NULL OR (published_at, reg_no) < ($5::timestamptz, $6::text)
    ORDER BY published_at DESC, reg_no DESC LIMIT $7
)
SELECT {_COLUMNS} FROM shown JOIN published_letter USING (letter_id)
ORDER BY published_at DESC, reg_no DESC"""

# Keyset paging: the row comparison follows the partial index of what is online.
_LATEST = f"""
SELECT {_COLUMNS} FROM published_letter
WHERE taken_down_at IS NULL
  AND ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR department_code = $2)
  AND ($3::timestamptz IS NULL OR (published_at, reg_no) < ($3::timestamptz, $4::text))
ORDER BY published_at DESC, reg_no DESC LIMIT $5"""

_ONE = f"SELECT {_COLUMNS} FROM published_letter WHERE reg_no = $1 AND taken_down_at IS NULL"


class PublicCopy(NamedTuple):
    """A published letter as the public may read it, in the order of `_COLUMNS`."""

    reg_no: str
    kind: str
    title: str
    body: str
    reply: str
    department: str
    department_code: str
    received_on: date
    replied_on: date
    published_at: datetime


async def search(
    direct: DirectPool,
    grams: list[int],
    patterns: list[str],
    filters: tuple[str | None, str | None],
    after: tuple[Any, Any],
    limit: int,
) -> Sequence[PublicCopy]:
    """Public copies that hold every word, latest first."""
    rows = await direct.fetch(_SEARCH, grams, patterns, *filters, *after, limit)
    return [PublicCopy(*row) for row in rows]


async def latest(
    direct: DirectPool, filters: tuple[str | None, str | None], after: tuple[Any, Any], limit: int
) -> Sequence[PublicCopy]:
    """Public copies, latest first, along the index of dates."""
    rows = await direct.fetch(_LATEST, *filters, *after, limit)
    return [PublicCopy(*row) for row in rows]


async def published(direct: DirectPool, reg_no: str) -> PublicCopy | None:
    """One public copy, or None."""
    row = await direct.fetchrow(_ONE, reg_no)
    return PublicCopy(*row) if row is not None else None


async def of_reply(session: AsyncSession, reply_id: UUID) -> Redaction | None:
    """The redaction of one reply in its latest edition, as it stands now."""
    return await _redaction(session, _editions(reply_id).limit(1))


async def last_taken_down(session: AsyncSession, reply_id: UUID) -> Redaction | None:
    """The latest edition of a reply's redaction that somebody took down for a reason."""
    rows = _editions(reply_id).where(col(Redaction.taken_down_reason_sealed).is_not(None))
    return await _redaction(session, rows.limit(1))


def _editions(reply_id: UUID) -> Select[Redaction]:
    """All redactions of a reply, the latest first."""
    rows = select(Redaction).where(col(Redaction.reply_id) == reply_id)
    return rows.order_by(col(Redaction.edition).desc())


async def online(session: AsyncSession, letter_id: UUID) -> Redaction | None:
    """The redaction that the letter's public copy comes from, None where none is online."""
    rows = (
        select(Redaction)
        .join(PublishedLetter, col(PublishedLetter.redaction_id) == col(Redaction.id))
        .where(
            col(PublishedLetter.letter_id) == letter_id,
            col(PublishedLetter.taken_down_at).is_(None),
        )
    )
    return await _redaction(session, rows)


async def _redaction(session: AsyncSession, rows: Select[Redaction]) -> Redaction | None:
    found = await session.execute(rows.execution_options(populate_existing=True))
    return found.scalars().one_or_none()


async def open_once(session: AsyncSession, redaction: Redaction) -> bool:
    """Insert the redaction unless its reply has one of that edition."""
    new = insert(Redaction).values(redaction.model_dump()).on_conflict_do_nothing()
    opened = await session.execute(new.returning(col(Redaction.id)))
    return opened.scalar_one_or_none() is not None


async def spans(session: AsyncSession, redaction_id: UUID) -> list[RedactionSpan]:
    rows = (
        select(RedactionSpan)
        .where(col(RedactionSpan.redaction_id) == redaction_id)
        .order_by(col(RedactionSpan.part), col(RedactionSpan.start))
        .execution_options(populate_existing=True)
    )
    return list((await session.execute(rows)).scalars())


async def judge(
    session: AsyncSession, redaction_id: UUID, ids: list[UUID], verdict: ReviewVerdict, by: str
) -> int:
    """Give spans of this redaction a verdict; returns how many there were."""
    if not ids:
        return 0
    change = (
        update(RedactionSpan)
        .where(col(RedactionSpan.redaction_id) == redaction_id, col(RedactionSpan.id).in_(ids))
        .values(verdict=verdict, decided_by=by)
        .execution_options(synchronize_session=False)
        .returning(col(RedactionSpan.id))
    )
    return len((await session.execute(change)).all())


async def approvals(session: AsyncSession, redaction: Redaction) -> list[str]:
    """Who approved the copy as the spans now stand."""
    rows = select(col(RedactionApproval.reviewer)).where(
        col(RedactionApproval.redaction_id) == redaction.id,
        col(RedactionApproval.spans_version) == redaction.spans_version,
    )
    return list((await session.execute(rows.order_by(col(RedactionApproval.at)))).scalars())


async def put_online(session: AsyncSession, copy: PublishedLetter) -> None:
    """The letter's public copy; that of a reply before a reopening is replaced."""
    values = copy.model_dump()
    put = insert(PublishedLetter).values(values)
    changed = {k: v for k, v in values.items() if k not in ("letter_id", "reg_no")}
    await session.execute(put.on_conflict_do_update(index_elements=["letter_id"], set_=changed))


async def take_down(session: AsyncSession, letter_id: UUID, now: datetime) -> None:
    change = (
        update(PublishedLetter)
        .where(col(PublishedLetter.letter_id) == letter_id)
        .values(taken_down_at=now)
    )
    await session.execute(change)
