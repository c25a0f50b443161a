"""What the guard of a move looks at, gathered for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import clocks as letter_clocks
from services.feedback.casework import queries
from services.feedback.casework.rules import Facts, FileFacts, MergedLetter
from services.feedback.casework.schemas import Classify, WithNote
from services.feedback.deadlines.models import Deadline, PolicyKind
from services.feedback.deadlines.service import ClockSet
from services.feedback.departments import service as departments
from services.feedback.letters import service as letters
from services.feedback.letters.limits import REPLY_LIMITS
from services.feedback.letters.models import Letter, LetterKind, LetterState
from services.feedback.letters.rules import SENDER
from shared.security.identity import Caller


class MoveAsked(NamedTuple):
    """Who asks for a move, with which fields, when."""

    by: str
    roles: frozenset[str]
    fields: BaseModel
    now: datetime


async def gather(
    session: AsyncSession,
    letter: Letter,
    clocks: ClockSet,
    asked: MoveAsked,
    file: FileFacts,
    target: Letter | None,
) -> Facts[BaseModel]:
    """The facts before a move, `clocks` being the letter's own; the limits are those of the letter
    whose reply is this one's.
    """
    answered = await letters.answered_with(session, letter)
    latest = (
        clocks.latest if answered.id == letter.id else await letter_clocks.of(session, answered)
    )
    fields = asked.fields
    codes = [*(getattr(fields, "accused", None) or ()), getattr(fields, "department_code", None)]
    wanted = [code for code in codes if code]
    with_merged = isinstance(fields, Classify) and file.has_merged
    return replace(
        _standing(letter, latest, file, asked),
        departments=await departments.of_codes(session, wanted) if wanted else {},
        answered=answered.state,
        target=target,
        merged=await _merged(session, letter.id) if with_merged else (),
        waiting_left=letter_clocks.waiting_left(letter, clocks),
        extension_left=letter_clocks.extension_left(letter, clocks),
    )


def of_staff(
    letter: Letter, clocks: ClockSet, file: FileFacts, caller: Caller, now: datetime
) -> Facts[BaseModel]:
    """The facts that say what staff may do, before they say anything with it."""
    asked = MoveAsked(caller.sub, caller.roles, WithNote(), now)
    return replace(
        _standing(letter, clocks.latest, file, asked),
        waiting_left=letter_clocks.waiting_left(letter, clocks),
        extension_left=letter_clocks.extension_left(letter, clocks),
    )


def of_sender(
    letter: Letter,
    answered: LetterState,
    clocks: Sequence[Deadline],
    file: FileFacts,
    now: datetime,
) -> Facts[BaseModel]:
    """The same of its sender; `answered` is the state of the letter whose reply is this one's, and
    the clocks, oldest first, are that letter's."""
    asked = MoveAsked(SENDER, frozenset({SENDER}), WithNote(), now)
    latest = {clock.kind: clock for clock in clocks}
    return replace(_standing(letter, latest, file, asked), answered=answered)


def _standing(
    letter: Letter, latest: Mapping[PolicyKind, Deadline], file: FileFacts, asked: MoveAsked
) -> Facts[BaseModel]:
    due = {kind: clock.due_at for kind, clock in latest.items()}
    return Facts(
        letter=letter,
        by=asked.by,
        roles=asked.roles,
        fields=asked.fields,
        now=asked.now,
        file=file,
        accept_due_at=due.get(PolicyKind.LETTER_ACCEPT),
        reply_due_at=due.get(REPLY_LIMITS[letter.kind]),
        reopen_until=due.get(PolicyKind.REOPEN_WINDOW),
    )


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
