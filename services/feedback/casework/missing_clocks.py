"""Letters that wait for a decision of the office from before such a wait had a limit."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import queries
from services.feedback.casework.workflow import CLOCK
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.letters.limits import DECISION_LIMITS, owner_without_department

BATCH = 200


async def start_missing(session: AsyncSession, now: datetime) -> int:
    """Job: the limit to decide runs from the day that the sender asked, where none runs yet.

    A letter comes into such a state with it now; those of before had none.
    """
    started = 0
    for kind, state in DECISION_LIMITS.items():
        for letter in await queries.waiting_without(session, state, kind, BATCH):
            await deadlines.start(
                session,
                Subject(SubjectKind.LETTER, letter.letter_id),
                kind,
                department_code=owner_without_department(letter.kind),
                by=CLOCK,
                now=now,
                since=letter.since,
            )
            started += 1
    return started
