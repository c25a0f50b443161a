"""All SQL of the room."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    SelectBase,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import statement
from services.feedback.casework.models import (
    LetterExtension,
    LetterRating,
    LetterReply,
    LetterTransition,
)
from services.feedback.casework.rules import FileFacts
from services.feedback.casework.workflow import APPEALS, REFUSALS, RETURNS, SENDER
from services.feedback.deadlines.models import LIVE, Deadline, PolicyKind, SubjectKind
from services.feedback.letters.models import (
    Letter,
    LetterKind,
    LetterState,
    LetterSupplement,
)
from services.feedback.letters.service import Hint
from shared.database import deciding
from shared.database.reading import Reading

_LETTER = bindparam("letter", None, type_=Uuid)
_ANSWER = statement.approved(column("r.id", Uuid))
_ANSWERED_AT = statement.approved(column("a.approved_at", DateTime(timezone=True)))
_COUNTED = (
    *("answer_id", "ratings", "returns", "supplements", "is_rated", "appeals", "refused_by"),
    *("has_merged", "asked_to_reopen"),
)
_DECIDE_EXTENSION = text("""
    UPDATE letter_extension SET granted = :granted, decided_by = :by, decided_at = :now
    WHERE id = :id AND granted IS NULL
""")


class Waiting(NamedTuple):
    """A letter, and since when it is in its state."""

    letter_id: UUID
    kind: LetterKind
    since: datetime


class OpenedLetter(NamedTuple):
    """A letter as somebody who acts on it finds it, what its file holds, and earlier ones that read
    much like it.
    """

    letter: Letter
    file: FileFacts
    hints: Sequence[Hint]


async def opened(session: AsyncSession, letter_id: UUID) -> OpenedLetter | None:
    """A letter with the facts of its file, whose answer is its own."""
    row = await _opened_letter().one(session, letter=letter_id, answered=letter_id)
    return (
        None if row is None else OpenedLetter(row[0], _facts(*row[2:]), statement.hints_of(row[1]))
    )


async def file_facts(session: AsyncSession, letter_id: UUID, answered_id: UUID) -> FileFacts:
    """The latest reply and who wrote it, returns since the last reopening, rating of the latest
    answer, the extension that waits for a decision, the refusal and the appeals against it, and
    whether the sender has asked to reopen it since the latest reply.

    The answer is that of `answered_id`: another letter's where this one was merged.
    """
    row = await _file().one(session, letter=letter_id, answered=answered_id)
    assert row is not None  # there are facts of every letter
    return _facts(*row)


def _facts(
    reply: LetterReply | None, extension: LetterExtension | None, *counted: Any
) -> FileFacts:
    return FileFacts(reply=reply, extension=extension, **dict(zip(_COUNTED, counted, strict=True)))


@cache
def _opened_letter() -> Reading:
    """Made once: its parts are many."""
    rows = select(Letter, statement.HINTS, *_facts_of(_LETTER)).select_from(Letter)
    found = _with_file(rows).where(col(Letter.id) == _LETTER)
    return Reading(found.execution_options(populate_existing=True))


@cache
def _file() -> Reading:
    one = select(literal(1).label("one")).subquery()
    return Reading(_with_file(select(*_facts_of(_LETTER)).select_from(one)))


def _with_file(rows: Select[Any]) -> Select[Any]:
    waits = col(LetterExtension.granted).is_(None), col(LetterExtension.letter_id) == _LETTER
    latest = _latest_reply(_LETTER).with_only_columns(col(LetterReply.id)).scalar_subquery()
    with_reply = rows.outerjoin(LetterReply, col(LetterReply.id) == latest)
    return with_reply.outerjoin(LetterExtension, and_(*waits))


def _facts_of(letter_id: Any) -> list[Any]:
    """Reply and extension; the answer, its number, returns, supplements, its rating, appeals, who
    refused, whether letters were merged into it, and whether its sender asked to reopen it."""
    returns = select(func.count()).where(
        col(LetterTransition.letter_id) == letter_id, col(LetterTransition.action).in_(RETURNS)
    )
    added = select(func.count()).where(col(LetterSupplement.letter_id) == letter_id)
    appeals = select(func.count()).where(
        col(LetterTransition.letter_id) == letter_id, col(LetterTransition.action).in_(APPEALS)
    )
    number = func.coalesce(func.max(col(LetterRating.answer_no)), 0)
    ratings = select(number).where(col(LetterRating.letter_id) == letter_id)
    counts: tuple[SelectBase, ...] = (
        *(_ANSWER, ratings, returns, added, _rated(letter_id), appeals),
        _refused_by(letter_id),
    )
    other = aliased(Letter)
    merged = exists().where(col(other.merged_into) == letter_id)
    return [
        LetterReply,
        LetterExtension,
        *(one.scalar_subquery() for one in counts),
        merged,
        _asked(letter_id),
    ]


def _asked(letter_id: Any) -> ColumnElement[bool]:
    """By the versions, for a reply and what is asked about it may come at one moment."""
    reply, asked = aliased(LetterTransition), LetterTransition
    replied = select(func.max(col(reply.version))).where(
        col(reply.letter_id) == letter_id,
        col(reply.from_state) == LetterState.IN_REVIEW,
        col(reply.to_state) == LetterState.REPLIED,
    )
    return exists().where(
        col(asked.letter_id) == letter_id,
        col(asked.to_state) == LetterState.REOPEN_REQUESTED,
        # What is added while that is decided leads there as well.
        col(asked.from_state) != LetterState.REOPEN_REQUESTED,
        col(asked.actor) == SENDER,
        col(asked.version) > replied.scalar_subquery(),
    )


def _refused_by(letter_id: Any) -> Select[str]:
    return (
        select(col(LetterTransition.actor))
        .where(
            col(LetterTransition.letter_id) == letter_id, col(LetterTransition.action).in_(REFUSALS)
        )
        .order_by(col(LetterTransition.version).desc())
        .limit(1)
    )


def _latest_reply(letter_id: Any) -> Select[LetterReply]:
    return (
        select(LetterReply)
        .where(col(LetterReply.letter_id) == letter_id)
        .order_by(col(LetterReply.submitted_at).desc(), col(LetterReply.id).desc())
        .limit(1)
    )


def _rated(letter_id: Any) -> Select[bool]:
    """Whether the letter's sender rated the latest answer; what does not say of which answer it
    is was given by a version of before, and is of this one if it came after it.
    """
    reply, rating = col(LetterRating.reply_id), col(LetterRating.letter_id)
    answer, came = _ANSWER.scalar_subquery(), _ANSWERED_AT.scalar_subquery()
    return select(func.count() > 0).where(
        rating == letter_id, or_(reply == answer, reply.is_(None) & (col(LetterRating.at) >= came))
    )


async def decide_extension(
    session: AsyncSession, extension_id: UUID, *, granted: bool, by: str, now: datetime
) -> None:
    """The letter's own version guards against two decisions."""
    decided = {"id": extension_id, "granted": granted, "by": by, "now": now}
    await deciding.write(session, _DECIDE_EXTENSION, decided)


async def state_before_merge(session: AsyncSession, letter_id: UUID) -> LetterState:
    """The state that the last merge was made in."""
    rows = (
        select(col(LetterTransition.from_state))
        .where(
            col(LetterTransition.letter_id) == letter_id,
            col(LetterTransition.to_state) == LetterState.MERGED,
            # Senders go on speaking in a merged letter: such a step leads from merged to merged.
            col(LetterTransition.from_state) != LetterState.MERGED,
        )
        .order_by(col(LetterTransition.version).desc())
        .limit(1)
    )
    return LetterState((await session.execute(rows)).scalar_one())


async def merged_before_registration(
    session: AsyncSession, letter_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Of these letters those that nobody has registered yet."""
    registered = select(col(LetterTransition.letter_id)).where(
        col(LetterTransition.letter_id).in_(letter_ids),
        col(LetterTransition.from_state) == LetterState.RECEIVED,
        col(LetterTransition.to_state) == LetterState.REGISTERED,
    )
    return frozenset(letter_ids) - set((await session.execute(registered)).scalars())


async def waiting_without(
    session: AsyncSession, state: LetterState, kind: PolicyKind, limit: int
) -> Sequence[Waiting]:
    """Letters in a state for whose decision no limit of this kind is running."""
    clock = exists().where(
        col(Deadline.subject_kind) == SubjectKind.LETTER,
        col(Deadline.subject_id) == col(Letter.id),
        col(Deadline.kind) == kind,
        col(Deadline.state).in_(LIVE),
    )
    came = (
        select(func.max(col(LetterTransition.at)))
        .where(
            col(LetterTransition.letter_id) == col(Letter.id),
            col(LetterTransition.to_state) == state,
            col(LetterTransition.from_state) != state,
        )
        .scalar_subquery()
    )
    waiting = select(col(Letter.id), col(Letter.kind), came)
    rows = waiting.where(col(Letter.state) == state, ~clock).limit(limit)
    return [Waiting(*row) for row in await session.execute(rows)]


def handled_by(actor: str) -> ColumnElement[bool]:
    """Of a letter: whether somebody has taken a step of it."""
    steps = select(col(LetterTransition.id)).where(
        col(LetterTransition.letter_id) == col(Letter.id), col(LetterTransition.actor) == actor
    )
    return steps.exists()
