"""Builds what callers are shown of letters."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, get_args
from uuid import UUID

import structlog
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import clocks, facts, service, statement, workflow
from services.feedback.casework.models import LetterActivity, LetterTransition
from services.feedback.casework.moving import Moved
from services.feedback.casework.rules import Facts
from services.feedback.casework.schemas import (
    ActivityView,
    DuplicateView,
    FileView,
    LetterClockView,
    LetterStepView,
    LetterView,
    MergedView,
    PapersView,
)
from services.feedback.casework.service import FileRows
from services.feedback.deadlines import rules as deadline_rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import ClockState, Deadline, SubjectKind
from services.feedback.deadlines.service import ClockSet
from services.feedback.departments import service as departments
from services.feedback.letters import own
from services.feedback.letters import service as letters
from services.feedback.letters.models import Letter, LetterKind
from services.feedback.letters.service import Duplicate, Hint
from services.feedback.redaction.own_data import hide
from services.feedback.redaction.rules import Known, mask
from services.feedback.redaction.spans import Own
from shared.security import audit_log
from shared.security.crypto import UNREADABLE, CannotOpen, Keyring
from shared.security.identity import Caller

log = structlog.get_logger()


async def moved(
    session: AsyncSession,
    keyring: Keyring,
    done: Moved,
    caller: Caller,
    now: datetime,
    hints: Sequence[Hint],
) -> LetterView:
    """A letter after a move, by what is in hand of it."""
    letter = done.letter
    alike = letters.visible_hints(hints, caller)
    title = _title(keyring, letter, await own.secrets_from(session, keyring, [letter], caller))
    known = facts.of_staff(letter, done.clocks, done.file_after, caller, now)
    return _view(letter, title, done.clocks, known, alike)


async def file(
    session: AsyncSession, keyring: Keyring, found: FileRows, caller: Caller, now: datetime
) -> FileView:
    """Everything about one letter, masked."""
    letter = found.letter
    running = (await deadlines.in_hand(session, SubjectKind.LETTER, [letter.id], now))[letter.id]
    file_facts = (await statement.files_of_many(session, [letter.id]))[letter.id]
    known = Known(
        letters.personal_of(keyring, letter) | _secret(keyring, found, caller),
        offices=departments.spelled(found.numbers),
    )
    view = _view(
        letter,
        _title(keyring, letter, {letter.id: known.personal}),
        running,
        facts.of_staff(letter, running, file_facts, caller, now),
        letters.visible_hints(found.hints, caller),
    )
    return FileView(
        **dict(view),
        merged=await _merged(session, keyring, found, caller, masked=True),
        body=mask(letters.open_body(keyring, letter), known),
        supplements=[mask(one.text, known) for one in own.opened(keyring, found.supplements)],
        replies=[mask(service.open_reply(keyring, reply), known) for reply in found.replies],
        steps=[_step(keyring, step, known) for step in found.steps],
        activities=[_activity(keyring, activity, known) for activity in found.activities],
        clocks=[_clock(clock) for clock in running.latest.values()],
        missing_disclosure=found.missing,
    )


async def papers(
    session: AsyncSession, keyring: Keyring, found: FileRows, caller: Caller, now: datetime
) -> PapersView:
    """Supplements and replies unmasked, a sender in confidence hidden all the same; that they were
    read is in the audit log.
    """
    about = f"letter:{found.letter.id}"
    await audit_log.write(
        session, caller.sub, "letter.unmasked_read", about, now, {"part": "papers"}
    )
    secret = _secret(keyring, found, caller)
    return PapersView(
        supplements=[hide(one.text, secret) for one in own.opened(keyring, found.supplements)],
        replies=[hide(service.open_reply(keyring, reply), secret) for reply in found.replies],
        merged=await _merged(session, keyring, found, caller, masked=False),
    )


def _secret(keyring: Keyring, found: FileRows, caller: Caller) -> frozenset[Own]:
    offices = departments.spelled(found.numbers)
    return own.secret_in_hand(keyring, found.letter, found.supplements, offices, caller)


async def _merged(
    session: AsyncSession, keyring: Keyring, found: FileRows, caller: Caller, *, masked: bool
) -> list[MergedView]:
    if not found.has_merged:
        return []
    return await _merged_into(session, keyring, found.letter, caller, masked=masked)


async def _merged_into(
    session: AsyncSession, keyring: Keyring, letter: Letter, caller: Caller, *, masked: bool
) -> list[MergedView]:
    """What the senders of the letters merged into this one wrote, each hidden as in their own."""
    views = []
    for merged in await letters.merged_into(session, letter.id):
        accuses = merged.kind is LetterKind.ACCUSATION
        if accuses and (letter.kind, letter.accused) != (merged.kind, merged.accused):
            continue  # merged before this was refused: who handles the other may be the accused
        added = await own.supplements(session, keyring, merged)
        secret = await own.secret_from(session, keyring, merged, caller)
        known = Known(letters.personal_of(keyring, merged) | secret)
        shown = partial(mask, known=known) if masked else partial(hide, personal=secret)
        views.append(
            MergedView(
                reg_no=merged.reg_no,
                received_at=merged.received_at,
                title=shown(letters.open_title(keyring, merged)),
                body=shown(letters.open_body(keyring, merged)),
                supplements=[shown(one.text) for one in added],
            )
        )
        views += await _merged_into(session, keyring, merged, caller, masked=masked)
    return views


async def many(
    session: AsyncSession,
    keyring: Keyring,
    rows: Sequence[Letter],
    caller: Caller,
    now: datetime,
) -> list[LetterView]:
    """The letters as lists show them, in their order."""
    ids = [letter.id for letter in rows]
    running = await deadlines.in_hand(session, SubjectKind.LETTER, ids, now)
    files = await statement.files_of_many(session, ids)
    alike = await letters.duplicates(session, ids, caller)
    secrets = await own.secrets_from(session, keyring, rows, caller)
    return [
        _view(
            letter,
            _title(keyring, letter, secrets),
            running[letter.id],
            facts.of_staff(letter, running[letter.id], files[letter.id], caller, now),
            alike.get(letter.id, []),
        )
        for letter in rows
    ]


def _view(
    letter: Letter,
    title: str,
    running: ClockSet,
    known: Facts[BaseModel],
    alike: list[Duplicate],
) -> LetterView:
    clock = clocks.awaited(letter, running.live())
    return LetterView(
        id=letter.id,
        reg_no=letter.reg_no,
        kind=letter.kind,
        channel=letter.channel,
        state=letter.state,
        version=letter.version,
        title=title,
        received_at=letter.received_at,
        department_code=letter.department_code,
        anonymity=letter.anonymity,
        wants_public=letter.wants_public,
        reopened=letter.reopened,
        replied_at=letter.replied_at,
        merged_into=letter.merged_into,
        due_on=clock.due_on if clock else None,
        due_on_is_provisional=clock.provisional if clock else False,
        due_on_is_paused=clock is not None and clock.state is ClockState.PAUSED,
        paused_since=clock.paused_on if clock else None,
        overdue=clock is not None and deadline_rules.is_overdue(clock, running.now),
        actions=[row.action for row in workflow.open_rows(known)],
        duplicates=[DuplicateView(**other._asdict()) for other in alike],
    )


def _title(keyring: Keyring, letter: Letter, secrets: dict[UUID, frozenset[Own]]) -> str:
    """As the caller may read it; what does not open, or may hold what has to be hidden by what does
    not open, is said to be so, and stands in the way of no other.
    """
    if letter.id not in secrets:
        return UNREADABLE
    try:
        known = Known(letters.personal_of(keyring, letter) | secrets[letter.id])
        return mask(letters.open_title(keyring, letter), known)
    except CannotOpen:
        log.error("letter_cannot_be_opened", letter=str(letter.id))
        return UNREADABLE


def _step(keyring: Keyring, step: LetterTransition, known: Known) -> LetterStepView:
    fields = service.fields_of(keyring, step)
    return LetterStepView(
        version=step.version,
        action=step.action,
        from_state=step.from_state,
        to_state=step.to_state,
        actor=step.actor,
        department_code=step.department_code,
        reason_code=step.reason_code,
        said={name: _words(step, name, value, known) for name, value in fields.items()},
        at=step.at,
    )


def _words(step: LetterTransition, name: str, value: Any, known: Known) -> Any:
    """Words are masked; codes, numbers and ids are none: digits in them would be read as such."""
    field = workflow.takes(step.action).model_fields[name]
    is_code = any(getattr(rule, "pattern", None) for rule in field.metadata)
    if not isinstance(value, str) or is_code or not _holds_words(field.annotation):
        return value
    return mask(value, known)


def _holds_words(annotation: Any) -> bool:
    return annotation is str or any(_holds_words(part) for part in get_args(annotation))


def _activity(keyring: Keyring, activity: LetterActivity, known: Known) -> ActivityView:
    where, row = "letter_activity.summary", str(activity.id)
    return ActivityView(
        kind=activity.kind,
        held_on=activity.held_on,
        summary=mask(keyring.open(activity.summary_sealed, where=where, row=row), known),
        recorded_by=activity.recorded_by,
    )


def _clock(clock: Deadline) -> LetterClockView:
    return LetterClockView(
        kind=clock.kind,
        state=clock.state,
        due_on=clock.due_on,
        original_due_on=clock.original_due_on,
        due_on_is_provisional=clock.provisional,
    )
