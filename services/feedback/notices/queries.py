"""The SQL of notices about letters."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines.models import ClockState, Deadline, PolicyKind, SubjectKind
from services.feedback.letters.models import Letter

_REPLIES = (
    PolicyKind.REPLY_CONSULTATION,
    PolicyKind.REPLY_HELP,
    PolicyKind.REPLY_SUGGESTION,
    PolicyKind.REPLY_COMPLAINT,
    PolicyKind.REPLY_REPORT,
    PolicyKind.PETITION_HANDLE,
)
_LIVE = (ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)


class LetterDue(NamedTuple):
    """A letter, and the day by which it is to be answered while that clock is live."""

    letter: Letter
    due_on: date | None


async def letter_due(session: AsyncSession, letter_id: UUID) -> LetterDue | None:
    """The letter with that id."""
    due_on = (
        select(col(Deadline.due_on))
        .where(
            col(Deadline.subject_kind) == SubjectKind.LETTER,
            col(Deadline.subject_id) == letter_id,
            col(Deadline.kind).in_(_REPLIES),
            col(Deadline.state).in_(_LIVE),
        )
        .order_by(col(Deadline.due_on))
        .limit(1)
        .scalar_subquery()
    )
    found = (await session.exec(select(Letter, due_on).where(col(Letter.id) == letter_id))).first()
    return None if found is None else LetterDue(*found)
