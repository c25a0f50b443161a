"""What the guard of a move looks at, gathered for it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import clocks, queries
from services.feedback.casework.rules import Facts, FileFacts, MergedLetter
from services.feedback.casework.schemas import AskCitizen, Classify, RequestExtension
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, PolicyKind
from services.feedback.departments import service as departments
from services.feedback.letters import service as letters
from services.feedback.letters.limits import REPLY_LIMITS
from services.feedback.letters.models import Letter, LetterKind


class MoveAsked(NamedTuple):
    """Who asks for a move, with which fields, when."""

    by: str
    roles: frozenset[str]
    fields: BaseModel
    now: datetime


async def gather(
    session: AsyncSession,
    letter: Letter,
    answered: Letter,
    asked: MoveAsked,
    file: FileFacts,
    target: Letter | None,
) -> Facts[BaseModel]:
    """The facts before a move; the limits are those of `answered`, whose reply is the letter's."""
    running = await clocks.of(session, answered)
    due = {kind: clock.due_at for kind, clock in running.items()}
    fields, reply = asked.fields, REPLY_LIMITS[letter.kind]
    codes = [*(getattr(fields, "accused", None) or ()), getattr(fields, "department_code", None)]
    return Facts(
        letter=letter,
        by=asked.by,
        roles=asked.roles,
        fields=fields,
        now=asked.now,
        file=file,
        accept_due_at=due.get(PolicyKind.LETTER_ACCEPT),
        reply_due_at=due.get(reply),
        reopen_until=due.get(PolicyKind.REOPEN_WINDOW),
        departments=await departments.of_codes(session, [code for code in codes if code]),
        target=target,
        merged=await _merged(session, letter.id) if isinstance(fields, Classify) else (),
        waiting_left=(
            await clocks.waiting_left(session, letter, asked.now)
            if isinstance(fields, AskCitizen)
            else 0
        ),
        extension_left=(
            await _extension_left(session, reply, running.get(reply), asked.now)
            if isinstance(fields, RequestExtension)
            else 0
        ),
    )


async def _extension_left(
    session: AsyncSession, kind: PolicyKind, clock: Deadline | None, now: datetime
) -> int:
    """How many days more the rules allow."""
    allowed = (await deadlines.policy(session, kind, now)).extension_limit
    return max(allowed - (clock.extension_n if clock else 0), 0)


async def _merged(session: AsyncSession, letter_id: UUID) -> list[MergedLetter]:
    """The letters that wait for the reply to this one, whatever each was merged into before."""
    waiting = await letters.merged_into(session, letter_id)
    unknown = await queries.merged_before_registration(session, [one.id for one in waiting])
    found = []
    for one in waiting:
        accuses = one.kind is LetterKind.ACCUSATION
        accused = None if accuses and one.id in unknown else frozenset(one.accused)
        found += [MergedLetter(one.reg_no, accuses, accused), *await _merged(session, one.id)]
    return found
