"""A move of a letter, whoever makes it: guarded, swapped, noted, its limits turned, published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import events, facts, merging_rules, queries, workflow
from services.feedback.casework.changes import Act, Columns
from services.feedback.casework.clock_effects import LAPSES
from services.feedback.casework.clocks import LetterClocks
from services.feedback.casework.events import LetterEvent
from services.feedback.casework.models import (
    LetterExtension,
    LetterRating,
    LetterReply,
    LetterTransition,
)
from services.feedback.casework.rules import FileFacts
from services.feedback.casework.schemas import Classify, WithNote
from services.feedback.casework.workflow import CLOCK, SENDER, LetterMove
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import SubjectKind
from services.feedback.deadlines.service import ClockSet, Extension
from services.feedback.letters import service as letters
from services.feedback.letters.models import Letter, LetterState, LetterSupplement
from services.feedback.tables import Table
from shared.database import versioned
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.crypto import Keyring


class Actor(NamedTuple):
    """Who moves a letter, in which of the table's roles."""

    sub: str
    roles: frozenset[str]


class Moved(NamedTuple):
    """A letter after a move, what came into its file, and its limits: all of it in hand, for what
    is not yet written is not yet read. `file` is what was there before; `answered` the letter whose
    reply is this one's, where that was moved with it.
    """

    letter: Letter
    clocks: ClockSet
    step: LetterTransition
    added: Table | None
    file: FileFacts
    answered: "Moved | None" = None

    @property
    def file_after(self) -> FileFacts:
        """What may be done now is read off this, whoever asks."""
        file, step, added = self.file, self.step, self.added
        row = workflow.WORKFLOW.get(step.from_state, step.action) if step.from_state else None
        decided = row is not None and (row.grants is not None or not LAPSES.isdisjoint(row.clocks))
        asked = added if isinstance(added, LetterExtension) else file.extension
        to_reopen = step.to_state is LetterState.REOPEN_REQUESTED and step.actor == SENDER
        return file._replace(
            reply=added if isinstance(added, LetterReply) else file.reply,
            returns=file.returns + (step.action in workflow.RETURNS),
            supplements=file.supplements + isinstance(added, LetterSupplement),
            is_rated=file.is_rated or isinstance(added, LetterRating),
            extension=None if decided else asked,
            refused_by=step.actor if step.action in workflow.REFUSALS else file.refused_by,
            appeals=file.appeals + (step.action in workflow.APPEALS),
            asked_to_reopen=file.asked_to_reopen or to_reopen,
        )


THE_SENDER = Actor(SENDER, frozenset({SENDER}))
OF_A_MERGED_LETTER = Actor("merged_sender", frozenset({SENDER}))
"""Who asks to reopen the letter that another one's reply was given in."""
THE_CLOCK = Actor(CLOCK, frozenset({CLOCK}))


async def by_the_clock(session: AsyncSession, letter: Letter, action: str, now: datetime) -> None:
    move = workflow.WORKFLOW.take(letter.state, letter.version, action, THE_CLOCK.roles)
    file = await queries.file_facts(session, letter.id, letter.id)
    await make(session, None, letter, move, THE_CLOCK, WithNote(), now, file, follows=True)


async def make(
    session: AsyncSession,
    keyring: Keyring | None,
    letter: Letter,
    move: LetterMove[Any],
    actor: Actor,
    fields: BaseModel,
    now: datetime,
    file: FileFacts,
    target: Letter | None = None,
    *,
    follows: bool = False,
) -> Moved:
    """Guard, compare and swap, add to the file, turn the clocks, record the event.

    `follows`: of another letter than who asked was asking about, whose state refuses nobody.
    """
    clocks = await deadlines.to_change(
        session, SubjectKind.LETTER, [letter.id], by=actor.sub, now=now
    )
    if move.unless is not None or move.guard is not None:
        asked = facts.MoveAsked(actor.sub, actor.roles, fields, now)
        move.ensure_allowed(await facts.gather(session, letter, clocks, asked, file, target))
    act = Act(actor.sub, fields, now, file)
    to = move.to or await queries.state_before_merge(session, letter.id)
    changed = move.changes(letter, act) if move.changes is not None else {}
    # The swap writes the new row into `letter`, so the step is made of the old one before.
    step = _transition(letter, move, to, act, keyring)
    moved = await _swap(session, letter, {**changed, "state": to}, target, follows=follows)
    if isinstance(fields, Classify):  # what joins it meanwhile may be unlike what it becomes
        await versioned.hold(session, letter, counter="joined")
    added = move.adds(keyring, moved, act) if move.adds is not None and keyring else None
    await _add_to_file(session, [step, added], move, act)
    _turn_clocks(moved, clocks, move, act)
    await deadlines.save(session, clocks)
    if move.event is not None:
        await record(session, moved, move.event, now, **_into(target))
    if to in merging_rules.ENDED_WITHOUT_REPLY and to is not LetterState.MERGED:
        await _free_merged(session, moved, file, now)
    return Moved(moved, clocks, step, added, file)


async def _add_to_file(
    session: AsyncSession, rows: Sequence[Table | None], move: LetterMove[Any], act: Act[BaseModel]
) -> None:
    session.add_all(row for row in rows if row is not None)
    asked = act.file.extension
    lapses = not LAPSES.isdisjoint(move.clocks)
    if asked is not None and (move.grants is not None or lapses):
        # Nobody decides what lapses: who ends the limit may have asked for more of it, too.
        by = CLOCK if lapses else act.by
        await queries.decide_extension(
            session, asked.id, granted=bool(move.grants), by=by, now=act.now
        )
    await session.flush()


async def _swap(
    session: AsyncSession,
    letter: Letter,
    changes: Columns,
    target: Letter | None,
    *,
    follows: bool,
) -> Letter:
    """With what it is merged into, in the order of their ids: opposite merges at once do not block
    one another.
    """
    if target is None or letter.id < target.id:
        moved = await versioned.swap(session, letter, changes, follows=follows)
        if target is not None:
            await _join(session, target)
        return moved
    await _join(session, target)
    return await versioned.swap(session, letter, changes, follows=follows)


async def _join(session: AsyncSession, target: Letter) -> None:
    """What a letter is merged into stays as it was seen, and counts what joins it: so nobody ends
    it who has not seen all that wait for its reply (`_free_merged`), and no circle is closed.
    """
    await versioned.hold(session, target)
    await versioned.swap(session, target, {}, counter="joined", follows=True)


async def _free_merged(
    session: AsyncSession, letter: Letter, file: FileFacts, now: datetime
) -> None:
    """Letters that wait for the reply of one that gets none go on by themselves, else they would be
    lost: each in its state of before, with its own limits.
    """
    await versioned.hold(session, letter, counter="joined")
    for merged in await letters.merged_into(session, letter.id) if file.has_merged else ():
        await by_the_clock(session, merged, "unmerge", now)


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


def _turn_clocks(
    letter: Letter, clocks: ClockSet, move: LetterMove[Any], act: Act[BaseModel]
) -> None:
    asked = act.file.extension
    extension = (
        Extension(asked.workdays, "extension granted", asked.asked_by, asked.asked_at, act.by)
        if asked
        else None
    )
    turned = LetterClocks(letter, clocks)
    for effect in move.clocks:
        turned.apply(effect, extension)


def _into(target: Letter | None) -> dict[str, Any]:
    return {"into_letter_id": target.id, "into_reg_no": target.reg_no} if target else {}


async def record(
    session: AsyncSession, letter: Letter, kind: type[LetterEvent], now: datetime, **more: Any
) -> None:
    """Publish a step of the letter; `more` is what its kind says besides."""
    event = kind(
        letter_id=letter.id,
        reg_no=letter.reg_no,
        kind=letter.kind,
        department_code=events.department_shown(letter),
        at=now,
        **more,
    )
    scope = events.scope_of(letter.kind, letter.department_code)
    await outbox.record(session, event, scope=scope, subject=str(letter.id))
