"""Moving letters: by staff, by their senders, by the clock."""

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import facts, queries, sender_rules, statement, workflow
from services.feedback.casework.models import LetterReply, LetterTransition
from services.feedback.casework.moving import (
    OF_A_MERGED_LETTER,
    THE_SENDER,
    Actor,
    Moved,
    by_the_clock,
    make,
)
from services.feedback.casework.moving import record as record
from services.feedback.casework.queries import OpenedLetter
from services.feedback.casework.rules import Facts, FileFacts
from services.feedback.casework.schemas import Merge, RateReply, Reopen
from services.feedback.casework.statement import FileRows as FileRows
from services.feedback.casework.statement import approved as approved
from services.feedback.casework.workflow import CLOCK, LetterMove
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.letters import rules as letter_rules
from services.feedback.letters import service as letters
from services.feedback.letters.limits import subject_of
from services.feedback.letters.models import Letter, LetterState
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions


class Answer(NamedTuple):
    """A reply that went out, unmasked."""

    reply_id: UUID
    department_code: str
    text: str


MERGED_BAD = "并案来信人对答复不满意"


async def opened(session: AsyncSession, letter_id: UUID, caller: Caller) -> OpenedLetter:
    """The letter for a staff action. Raises NotFound where it does not exist for the caller."""
    found = await queries.opened(session, letter_id)
    letters.ensure_visible(found and found.letter, caller)
    assert found is not None  # else it is not visible
    return found


async def file_rows(session: AsyncSession, letter_id: UUID, caller: Caller) -> FileRows:
    """The letter's file. Raises NotFound where the letter does not exist for the caller."""
    found = await statement.file_rows(session, letter_id)
    letters.ensure_visible(found and found.letter, caller)
    assert found is not None  # else it is not visible
    return found


async def act(
    session: AsyncSession,
    keyring: Keyring,
    opened: OpenedLetter,
    action: str,
    fields: BaseModel,
    *,
    version: int,
    caller: Caller,
    now: datetime,
) -> Moved:
    """The letter, which the caller may see, after a staff action.

    Raises StateConflict for another version or state, Forbidden for another role, and the Problems
    of `rules`.
    """
    letter = opened.letter
    target = await _target(session, fields, caller) if isinstance(fields, Merge) else None
    versions.ensure(version, version=letter.version, state=letter.state)
    if workflow.WORKFLOW.get(letter.state, action) is None:
        clocks = await deadlines.in_hand(session, SubjectKind.LETTER, [letter.id], now)
        _refuse(action, facts.of_staff(letter, clocks[letter.id], opened.file, caller, now))
    move = workflow.WORKFLOW.take(letter.state, letter.version, action, caller.roles)
    actor = Actor(caller.sub, caller.roles)
    return await make(session, keyring, letter, move, actor, fields, now, opened.file, target)


async def act_as_sender(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    action: str,
    fields: BaseModel,
    now: datetime,
) -> Moved:
    """The letter after something that its sender did, who has shown the query code."""
    answered = await letters.answered_with(session, letter)
    file = await queries.file_facts(session, letter.id, answered.id)
    move = await _of_sender(session, letter, answered, file, action, now)
    return await make(session, keyring, letter, move, THE_SENDER, fields, now, file)


async def rate(
    session: AsyncSession, keyring: Keyring, letter: Letter, rating: RateReply, now: datetime
) -> Moved:
    """A good grade closes the letter; a bad one asks to reopen it while that is possible.

    Of a letter that was answered with another, that one is asked to be reopened.
    """
    answered = await letters.answered_with(session, letter)
    file = await queries.file_facts(session, letter.id, answered.id)
    is_own = answered.id == letter.id
    action = sender_rules.action_for(
        rating.grade,
        reopened=answered.reopened if is_own else 0,
        has_asked=is_own and file.asked_to_reopen,
    )
    move = await _of_sender(session, letter, answered, file, action, now)
    rated = await make(session, keyring, letter, move, THE_SENDER, rating, now, file)
    if is_own or not sender_rules.asks_to_reopen(rating.grade, answered.reopened):
        return rated
    return rated._replace(answered=await _ask_jointly(session, keyring, answered, now))


async def _of_sender(
    session: AsyncSession,
    letter: Letter,
    answered: Letter,
    file: FileFacts,
    action: str,
    now: datetime,
) -> LetterMove[Any]:
    """The row for the sender. Raises StateConflict."""
    if workflow.WORKFLOW.get(letter.state, action) is None:
        clocks = await deadlines.of(session, subject_of(answered))
        _refuse(action, facts.of_sender(letter, answered.state, clocks, file, now))
    return workflow.WORKFLOW.take(letter.state, letter.version, action, THE_SENDER.roles)


def _refuse(action: str, known: Facts[BaseModel]) -> None:
    """Raises StateConflict, which offers nothing that would be refused as well."""
    offered = {row.action for row in workflow.open_rows(known)}
    barred = {*workflow.WORKFLOW.actions} - offered
    workflow.WORKFLOW.find(known.letter.state, known.letter.version, action, known.roles, barred)


async def _ask_jointly(
    session: AsyncSession, keyring: Keyring, answered: Letter, now: datetime
) -> Moved | None:
    """The letter asked to be reopened for the sender of one that was merged into it; None where
    its state leaves nothing to ask.
    """
    move = workflow.WORKFLOW.get(answered.state, "reopen")
    if move is None:
        return None
    file = await queries.file_facts(session, answered.id, answered.id)
    asks, reopen = OF_A_MERGED_LETTER, Reopen(reason=MERGED_BAD)
    return await make(session, keyring, answered, move, asks, reopen, now, file, follows=True)


async def close_silent(session: AsyncSession, now: datetime) -> int:
    """Job: letters replied to and not rated in time are closed, unrated: silence is not praise."""
    return await _run_out(session, PolicyKind.SILENCE_CLOSES, LetterState.REPLIED, "close", now)


async def resume_waiting(session: AsyncSession, now: datetime) -> int:
    """Job: a sender who does not answer in time does not stop the work for ever."""
    return await _run_out(
        session, PolicyKind.AWAIT_CITIZEN, LetterState.AWAITING_CITIZEN, "resume", now
    )


async def _run_out(
    session: AsyncSession, kind: PolicyKind, state: LetterState, action: str, now: datetime
) -> int:
    over = await deadlines.run_out(session, kind, now)
    for clock in over:
        letter = await letters.by_id(session, clock.subject_id)
        if letter is not None and letter.state is state:
            await by_the_clock(session, letter, action, now)
        subject = deadlines.Subject(clock.subject_kind, clock.subject_id)
        await deadlines.meet(session, subject, kind, by=CLOCK, now=now)
    return len(over)


def answer(keyring: Keyring, reply: LetterReply) -> Answer:
    """A reply that went out, opened."""
    return Answer(reply.id, reply.department_code, open_reply(keyring, reply))


def open_reply(keyring: Keyring, reply: LetterReply) -> str:
    return keyring.open(reply.text_sealed, where="letter_reply.text", row=str(reply.id))


def fields_of(keyring: Keyring, step: LetterTransition) -> dict[str, Any]:
    """The fields that came with an action."""
    if step.fields_sealed is None:
        return {}
    opened = keyring.open(step.fields_sealed, where="letter_transition.fields", row=str(step.id))
    fields: dict[str, Any] = json.loads(opened)
    return fields


async def _target(session: AsyncSession, fields: Merge, caller: Caller) -> Letter | None:
    """The letter to merge into, if the caller may see it."""
    target = await letters.by_id(session, fields.into)
    return target if target is not None and letter_rules.may_see(target, caller) else None
