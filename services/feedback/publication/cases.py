"""A letter whose reply went out, opened to be prepared for publication."""

import asyncio
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import service as casework
from services.feedback.casework.service import Answer
from services.feedback.departments import service as departments
from services.feedback.letters import own
from services.feedback.letters import service as letters
from services.feedback.letters.models import Anonymity, Letter
from services.feedback.publication import queries, rules
from services.feedback.publication.models import (
    Part,
    Redaction,
    RedactionSpan,
    RedactionState,
    ReviewVerdict,
)
from services.feedback.redaction import tagging
from services.feedback.redaction.rules import Known, propose
from services.feedback.redaction.spans import Own
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.workflow import refuse


class Case(NamedTuple):
    """A letter, its reply, their texts, and the redaction of both.

    `own` is what leads to a sender in confidence: no copy shows it, whoever decides. `offices` are
    the departments' own numbers, which no copy has to hide. `taken_down_reason` says why the last
    public copy of the reply went.
    """

    letter: Letter
    answer: Answer
    texts: dict[Part, str]
    redaction: Redaction
    own: frozenset[Own] = frozenset()
    taken_down_reason: str | None = None
    offices: frozenset[str] = frozenset()


TAKEN_DOWN_REASON = "redaction.taken_down_reason"


async def open_case(
    session: AsyncSession,
    keyring: Keyring,
    letter_id: UUID,
    caller: Caller,
    basis: str | None,
    now: datetime,
) -> Case:
    """Propose what to redact of the letter's latest reply. Raises the Problems of `rules`, and
    StateConflict where its redaction was opened before and was not taken down.
    """
    letter = await letters.visible(session, letter_id, caller)
    rules.ensure_publishable(letter, caller, basis)
    answer, texts = await _texts(session, keyring, letter)
    before = await queries.of_reply(session, answer.reply_id)
    if before is not None and before.state is not RedactionState.TAKEN_DOWN:
        refuse(before.state, before.version)
    redaction = Redaction(
        edition=before.edition + 1 if before else 1,
        letter_id=letter.id,
        reply_id=answer.reply_id,
        approvals_needed=rules.approvals_needed(letter.kind),
        opened_by=caller.sub,
        opened_at=now,
    )
    if not await queries.open_once(session, redaction):
        present = await _present(session, answer.reply_id)
        refuse(present.state, present.version)
    spans = await _proposals(session, keyring, letter, answer, texts, redaction)
    session.add_all([*spans, *await _kept(session, redaction, before, spans)])
    details = {"basis_given": basis is not None, "edition": redaction.edition}
    await audit_log.write(
        session, caller.sub, "publication.opened", f"letter:{letter.id}", now, details
    )
    await session.flush()
    return await _case(session, keyring, letter, answer, texts)


async def case_of(session: AsyncSession, keyring: Keyring, letter_id: UUID, caller: Caller) -> Case:
    """The redaction of the latest reply to a letter that the caller may see. Raises NotFound."""
    letter = await letters.visible(session, letter_id, caller)
    answer, texts = await _texts(session, keyring, letter)
    return await _case(session, keyring, letter, answer, texts)


async def _case(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    answer: Answer,
    texts: dict[Part, str],
) -> Case:
    in_confidence = letter.anonymity is Anonymity.CONFIDENTIAL
    leads = await own.own_of(session, keyring, letter) if in_confidence else frozenset[Own]()
    present = await _present(session, answer.reply_id)
    gone = await queries.last_taken_down(session, answer.reply_id)
    sealed = gone and gone.taken_down_reason_sealed
    reason = (
        keyring.open(sealed, where=TAKEN_DOWN_REASON, row=str(gone.id)) if gone and sealed else None
    )
    offices = await departments.numbers_shown(session)
    return Case(letter, answer, texts, present, leads, reason, offices)


async def _texts(
    session: AsyncSession, keyring: Keyring, letter: Letter
) -> tuple[Answer, dict[Part, str]]:
    answer = await casework.answer_of(session, keyring, letter)
    if answer is None:
        raise rules.NotAnswered(state=letter.state)
    return answer, {
        Part.TITLE: letters.open_title(keyring, letter),
        Part.BODY: letters.open_body(keyring, letter),
        Part.REPLY: answer.text,
    }


async def _proposals(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    answer: Answer,
    texts: dict[Part, str],
    redaction: Redaction,
) -> list[RedactionSpan]:
    """What the rules propose; names of the department's staff may stand in its reply."""
    personal = letters.personal_of(keyring, letter)
    if letter.anonymity is Anonymity.CONFIDENTIAL:
        personal = await own.own_of(session, keyring, letter)
    shown = await departments.names_shown(session, answer.department_code)
    offices = await departments.numbers_shown(session)
    spans = []
    for part, text in texts.items():
        known = Known(personal, shown if part is Part.REPLY else frozenset(), offices)
        proposed = propose(text, known)
        hinted = await asyncio.to_thread(tagging.hints, text, proposed, known.allowed)
        spans += [
            RedactionSpan(redaction_id=redaction.id, part=part, hint=hint, **span._asdict())
            for hint, found in ((False, proposed), (True, hinted))
            for span in found
        ]
    return spans


async def _kept(
    session: AsyncSession,
    redaction: Redaction,
    before: Redaction | None,
    proposed: list[RedactionSpan],
) -> list[RedactionSpan]:
    """What was accepted in the edition before and no rule proposes: proposed again, so that what a
    reviewer saw is not forgotten.
    """
    if before is None:
        return []
    known = {(span.part, rules.as_span(span)) for span in proposed}
    return [
        RedactionSpan(
            redaction_id=redaction.id, part=old.part, added_by=old.added_by,
            **rules.as_span(old)._asdict(),
        )
        for old in await queries.spans(session, before.id)
        if old.verdict is ReviewVerdict.ACCEPTED and (old.part, rules.as_span(old)) not in known
    ]  # fmt: skip


async def _present(session: AsyncSession, reply_id: UUID) -> Redaction:
    found = await queries.of_reply(session, reply_id)
    if found is None:
        raise NotFound(
            Text("还没有提出脱敏建议，请先提出", "No redaction was opened; please open one first")
        )
    return found
