"""Moving letters: by staff, by their senders, by the clock."""

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import events, facts, queries, rules, sender_rules, workflow
from services.feedback.casework.changes import Act
from services.feedback.casework.clocks import LetterClocks
from services.feedback.casework.models import LetterReply, LetterTransition
from services.feedback.casework.schemas import Merge, RateReply, Reopen, WithNote
from services.feedback.casework.workflow import CLOCK, SENDER, LetterMove
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind
from services.feedback.deadlines.service import Extension
from services.feedback.letters import rules as letter_rules
from services.feedback.letters import service as letters
from services.feedback.letters.models import Letter, LetterState
from shared.database import versioned
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions


class Actor(NamedTuple):
    """Who moves a letter, in which of the table's roles."""

    sub: str
    roles: frozenset[str]


class Answer(NamedTuple):
    """A reply that went out, unmasked."""

    reply_id: UUID
    department_code: str
    text: str


MERGED_BAD = "并案来信人对答复不满意"
THE_SENDER = Actor(SENDER, frozenset({SENDER}))
THE_CLOCK = Actor(CLOCK, frozenset({CLOCK}))


async def act(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    action: str,
    fields: BaseModel,
    *,
    version: int,
    caller: Caller,
    now: datetime,
) -> Letter:
    """The letter, which the caller may see, after a staff action.

    Raises StateConflict for another version or state, Forbidden for another role, and the Problems
    of `rules`.
    """
    target = None
    if isinstance(fields, Merge):
        target = await _lock_target(session, letter.id, fields, caller)
        letter = await letters.visible(session, letter.id, caller)
    move = workflow.WORKFLOW.take(letter.state, letter.version, action, caller.roles)
    versions.ensure(version, version=letter.version, state=letter.state)
    actor = Actor(caller.sub, caller.roles)
    return await _make(session, keyring, letter, move, actor, fields, now, target)


async def act_as_sender(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    action: str,
    fields: BaseModel,
    now: datetime,
) -> Letter:
    """The letter after something that its sender did, who has shown the query code."""
    move = workflow.WORKFLOW.take(letter.state, letter.version, action, THE_SENDER.roles)
    return await _make(session, keyring, letter, move, THE_SENDER, fields, now)


async def rate(
    session: AsyncSession, keyring: Keyring, letter: Letter, rating: RateReply, now: datetime
) -> Letter:
    """A good grade closes the letter; a bad one asks to reopen it while that is possible.

    Of a letter that was answered with another, that one is asked to be reopened.
    """
    answered = await letters.answered_with(session, letter)
    action = sender_rules.action_for(rating.grade, answered.reopened)
    if answered.id == letter.id:
        return await act_as_sender(session, keyring, letter, action, rating, now)
    first = sender_rules.action_for(rating.grade, reopened=0)
    rated = await act_as_sender(session, keyring, letter, first, rating, now)
    asks = sender_rules.asks_to_reopen(rating.grade, answered.reopened)
    if asks and workflow.WORKFLOW.get(answered.state, "reopen") is not None:
        await act_as_sender(session, keyring, answered, "reopen", Reopen(reason=MERGED_BAD), now)
    return rated


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
            move = workflow.WORKFLOW.take(letter.state, letter.version, action, THE_CLOCK.roles)
            await _make(session, None, letter, move, THE_CLOCK, WithNote(), now)
        subject = deadlines.Subject(clock.subject_kind, clock.subject_id)
        await deadlines.meet(session, subject, kind, by=CLOCK, now=now)
    return len(over)


async def answer_of(session: AsyncSession, keyring: Keyring, letter: Letter) -> Answer | None:
    """The latest reply that went out, None before the first."""
    reply = await queries.approved_reply(session, letter.id)
    if reply is None:
        return None
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


async def _lock_target(
    session: AsyncSession, letter_id: UUID, fields: Merge, caller: Caller
) -> Letter | None:
    """Both letters locked in one order; the other one, if the caller may see it."""
    target = (await letters.locked_pair(session, letter_id, fields.into)).get(fields.into)
    return target if target is not None and letter_rules.may_see(target, caller) else None


async def _make(
    session: AsyncSession,
    keyring: Keyring | None,
    letter: Letter,
    move: LetterMove[Any],
    actor: Actor,
    fields: BaseModel,
    now: datetime,
    target: Letter | None = None,
) -> Letter:
    """Guard, compare and swap, add to the file, turn the clocks, record the event."""
    answered = await letters.answered_with(session, letter)
    file = await queries.file_facts(session, letter.id, answered.id)
    if move.guard is not None:
        asked = facts.MoveAsked(actor.sub, actor.roles, fields, now)
        move.guard(await facts.gather(session, letter, answered, asked, file, target))
    act = Act(actor.sub, fields, now, file)
    to = move.to or await queries.state_before_merge(session, letter.id)
    changed = move.changes(letter, act) if move.changes is not None else {}
    # The swap writes the new row into `letter`, so the step is made of the old one before.
    transition = _transition(letter, move, to, act, keyring)
    moved = await versioned.swap(session, letter, {**changed, "state": to})
    session.add(transition)
    if move.adds is not None and keyring is not None:
        session.add(move.adds(keyring, moved, act))
    if move.grants is not None and file.extension is not None:
        await queries.decide_extension(
            session, file.extension.id, granted=move.grants, by=act.by, now=now
        )
    await session.flush()
    await _turn_clocks(session, moved, move, act)
    await _record(session, moved, move, now, target)
    if to in rules.ENDED_WITHOUT_REPLY and to is not LetterState.MERGED:
        await _free_merged(session, moved, now)
    return moved


async def _free_merged(session: AsyncSession, letter: Letter, now: datetime) -> None:
    """Letters that wait for the reply of one that gets none go on by themselves, else they would be
    lost: each in its state of before, with its own limits.
    """
    for merged in await letters.merged_into(session, letter.id):
        move = workflow.WORKFLOW.take(merged.state, merged.version, "unmerge", THE_CLOCK.roles)
        await _make(session, None, merged, move, THE_CLOCK, WithNote(), now)


def _transition(
    letter: Letter,
    move: LetterMove[Any],
    to: LetterState,
    act: Act[BaseModel],
    keyring: Keyring | None,
) -> LetterTransition:
    row = new_id()
    fields = act.fields.model_dump_json(exclude={"code"}, exclude_none=True)
    where = "letter_transition.fields"
    return LetterTransition(
        id=row,
        letter_id=letter.id,
        version=letter.version + 1,
        action=move.action,
        from_state=letter.state,
        to_state=to,
        actor=act.by,
        department_code=getattr(act.fields, "department_code", None) or letter.department_code,
        reason_code=getattr(act.fields, "reason_code", None),
        fields_sealed=keyring.seal(fields, where=where, row=str(row)) if keyring else None,
        at=act.now,
    )


async def _turn_clocks(
    session: AsyncSession, letter: Letter, move: LetterMove[Any], act: Act[BaseModel]
) -> None:
    asked = act.file.extension
    extension = (
        Extension(asked.workdays, "extension granted", asked.asked_by, asked.asked_at, act.by)
        if asked
        else None
    )
    turned = LetterClocks(session, letter, act.by, act.now)
    for effect in move.clocks:
        await turned.apply(effect, extension)


async def _record(
    session: AsyncSession,
    letter: Letter,
    move: LetterMove[Any],
    now: datetime,
    target: Letter | None,
) -> None:
    if move.event is None:
        return
    into = {"into_letter_id": target.id, "into_reg_no": target.reg_no} if target else {}
    event = move.event(
        letter_id=letter.id,
        reg_no=letter.reg_no,
        kind=letter.kind,
        department_code=events.department_shown(letter),
        at=now,
        **into,
    )
    scope = events.scope_of(letter.kind, letter.department_code)
    await outbox.record(session, event, scope=scope, subject=str(letter.id))
