"""The time limits that a letter's receipt sets going."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import ACCUSATIONS, NO_DEPARTMENT, PolicyKind, SubjectKind
from services.feedback.deadlines.service import ClockSet, Subject
from services.feedback.letters.models import Letter, LetterKind, LetterState

REPLY_LIMITS = {
    LetterKind.CONSULTATION: PolicyKind.REPLY_CONSULTATION,
    LetterKind.HELP: PolicyKind.REPLY_HELP,
    LetterKind.SUGGESTION: PolicyKind.REPLY_SUGGESTION,
    LetterKind.COMPLAINT: PolicyKind.REPLY_COMPLAINT,
    LetterKind.ACCUSATION: PolicyKind.REPLY_REPORT,
}

DECISION_LIMITS = {
    PolicyKind.REOPEN_DECISION: LetterState.REOPEN_REQUESTED,
    PolicyKind.LETTER_APPEAL: LetterState.APPEALED,
}
"""What the office is to decide, and where a letter waits for that while no reply is due."""


def limit_of(kind: LetterKind, state: LetterState) -> PolicyKind:
    """The limit that a letter in this state waits by."""
    decision = (limit for limit, waits in DECISION_LIMITS.items() if waits is state)
    return next(decision, REPLY_LIMITS[kind])


def owner_without_department(kind: LetterKind) -> str:
    """Whose clock it is as long as it is no department's to know of."""
    return ACCUSATIONS if kind is LetterKind.ACCUSATION else NO_DEPARTMENT


def subject_of(letter: Letter) -> Subject:
    return Subject(SubjectKind.LETTER, letter.id)


async def start_on_receipt(
    session: AsyncSession, letter_id: UUID, kind: LetterKind, by: str, now: datetime
) -> None:
    """The office's limit to register and the limit to reply, both counted from now."""
    clocks = await deadlines.to_change(session, SubjectKind.LETTER, [letter_id], by=by, now=now)
    start(clocks, letter_id, kind)
    await deadlines.save(session, clocks)


def start(
    clocks: ClockSet, letter_id: UUID, kind: LetterKind, since: datetime | None = None
) -> None:
    """The same two limits; `since` is the receipt where that was not now."""
    subject, owner = Subject(SubjectKind.LETTER, letter_id), owner_without_department(kind)
    limits = (PolicyKind.LETTER_REGISTER, REPLY_LIMITS[kind])
    clocks.start(subject, limits, owner, since=since)
