"""All SQL of the room."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters.models import Letter
from services.feedback.publication.models import (
    PublishedLetter,
    Redaction,
    RedactionSpan,
    ReviewVerdict,
)
from shared.database.deciding import DecidingSession, write, write_rows
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.narrowing import narrowed

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
WHERE taken_down_at IS NULL AND {{where}}
ORDER BY published_at DESC, reg_no DESC LIMIT {{limit}}"""

_ONE = f"SELECT {_COLUMNS} FROM published_letter WHERE reg_no = $1 AND taken_down_at IS NULL"

_ADD_SPANS = text("""
    INSERT INTO redaction_span
        (id, redaction_id, part, "start", "end", kind, hint, added_by, verdict, decided_by)
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:redaction_id AS uuid[]),
        CAST(:part AS text[]), CAST(:start AS int[]), CAST(:end AS int[]), CAST(:kind AS text[]),
        CAST(:hint AS boolean[]), CAST(:added_by AS text[]), CAST(:verdict AS text[]),
        CAST(:decided_by AS text[]))
""")
_JUDGE = text("""
    UPDATE redaction_span s SET verdict = judged.verdict, decided_by = :by
    FROM unnest(CAST(:ids AS uuid[]), CAST(:verdicts AS text[])) judged (id, verdict)
    WHERE s.id = judged.id AND s.redaction_id = :redaction
""")
_COPY = [*PublishedLetter.model_fields]
_PUT_ONLINE = text(f"""
    INSERT INTO published_letter ({", ".join(_COPY)})
    VALUES ({", ".join(f":{name}" for name in _COPY)})
    ON CONFLICT (letter_id) DO UPDATE SET
    {", ".join(f"{n} = excluded.{n}" for n in _COPY if n not in ("letter_id", "reg_no"))}
""")
_TAKE_DOWN = text("UPDATE published_letter SET taken_down_at = :now WHERE letter_id = :letter")


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
    kind, department = filters
    found = narrowed(
        ("kind = {}", kind),
        ("department_code = {}", department),
        ("(published_at, reg_no) < ({}, {})", *after),
    )
    sql = _LATEST.format(where=found.where, limit=found.another(limit))
    return [PublicCopy(*row) for row in await direct.fetch(sql, *found.values)]


async def published(direct: DirectPool, reg_no: str) -> PublicCopy | None:
    """One public copy, or None."""
    row = await direct.fetchrow(_ONE, reg_no)
    return PublicCopy(*row) if row is not None else None


async def with_online(
    session: AsyncSession, letter_id: UUID
) -> tuple[Letter | None, Redaction | None]:
    """The letter, None where there is none, and the redaction that its public copy comes from, None
    where none is online.
    """
    copy = PublishedLetter
    is_online = col(copy.letter_id) == col(Letter.id), col(copy.taken_down_at).is_(None)
    rows = (
        select(Letter, Redaction)
        .outerjoin(copy, and_(*is_online))
        .outerjoin(Redaction, col(Redaction.id) == col(copy.redaction_id))
        .where(col(Letter.id) == letter_id)
    )
    found = await session.execute(rows.execution_options(populate_existing=True))
    row = found.one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def add(session: AsyncSession, redaction: Redaction) -> None:
    """A reply has one redaction of an edition: of two at once the second is decided anew."""
    session.add(redaction)
    if isinstance(session, DecidingSession):
        session.statement.refusing("uq_redaction_reply_id_edition", Overtaken)
    await session.flush()


async def add_spans(session: AsyncSession, spans: Sequence[RedactionSpan]) -> None:
    """In one statement, however many there are."""
    columns = RedactionSpan.model_fields
    rows = [{name: getattr(span, name) for name in columns} for span in spans]
    await write_rows(session, _ADD_SPANS, rows)


async def judge(
    session: AsyncSession, redaction_id: UUID, verdicts: Mapping[UUID, ReviewVerdict], by: str
) -> None:
    """Give spans of this redaction a verdict each."""
    values = {"redaction": redaction_id, "ids": [*verdicts], "verdicts": [*verdicts.values()]}
    await write(session, _JUDGE, {**values, "by": by})


async def put_online(session: AsyncSession, copy: PublishedLetter) -> None:
    """The letter's public copy; that of a reply before a reopening is replaced."""
    await write(session, _PUT_ONLINE, copy.model_dump())


async def take_down(session: AsyncSession, letter_id: UUID, now: datetime) -> None:
    await write(session, _TAKE_DOWN, {"letter": letter_id, "now": now})
