"""A letter whose reply went out, opened to be prepared for publication."""

import asyncio
from collections.abc import Sequence
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
from services.feedback.publication import queries, rules, statement
from services.feedback.publication.models import (
    Part,
    Redaction,
    RedactionSpan,
    RedactionState,
    ReviewVerdict,
)
from services.feedback.publication.statement import CaseRows
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

    `spans` are those of the redaction, `approvals` who approved it as they stand. `own` is what
    leads to a sender in confidence: no copy shows it, whoever decides. `offices` are the
    departments' own numbers, which no copy has to hide; `department` is the name of the one that
    replied. `taken_down_reason` says why the last public copy of the reply went.
    """

    letter: Letter
    answer: Answer
    texts: dict[Part, str]
    redaction: Redaction
    spans: list[RedactionSpan]
    approvals: list[str]
    own: frozenset[Own]
    taken_down_reason: str | None
    offices: frozenset[str]
    department: str | None


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
    found = await _rows(session, letter_id, caller)
    letter, before = found.letter, found.redaction
    rules.ensure_publishable(letter, caller, basis)
    answer = _answer(keyring, found)
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
    await queries.add(session, redaction)
    case = _case(keyring, found, answer, redaction)
    spans = await _proposals(session, keyring, case)
    spans += _kept(redaction, found.spans, spans)
    await queries.add_spans(session, spans)
    details = {"basis_given": basis is not None, "edition": redaction.edition}
    await audit_log.write(
        session, caller.sub, "publication.opened", f"letter:{letter.id}", now, details
    )
    return case._replace(spans=rules.in_order(spans), approvals=[])


async def case_of(session: AsyncSession, keyring: Keyring, letter_id: UUID, caller: Caller) -> Case:
    """The redaction of the latest reply to a letter that the caller may see. Raises NotFound."""
    found = await _rows(session, letter_id, caller)
    answer = _answer(keyring, found)
    if found.redaction is None:
        raise NotFound(
            Text("还没有提出脱敏建议，请先提出", "No redaction was opened; please open one first")
        )
    return _case(keyring, found, answer, found.redaction)


async def _rows(session: AsyncSession, letter_id: UUID, caller: Caller) -> CaseRows:
    found = await statement.case_rows(session, letter_id)
    letters.ensure_visible(found and found.letter, caller)
    assert found is not None  # else it is not visible
    return found


def _answer(keyring: Keyring, found: CaseRows) -> Answer:
    if found.reply is None:
        raise rules.NotAnswered(state=found.letter.state)
    return casework.answer(keyring, found.reply)


def _case(keyring: Keyring, found: CaseRows, answer: Answer, redaction: Redaction) -> Case:
    letter, gone = found.letter, found.taken_down
    offices = departments.spelled(found.numbers)
    in_confidence = letter.anonymity is Anonymity.CONFIDENTIAL
    leads = own.leads(keyring, letter, found.supplements, offices) if in_confidence else ()
    return Case(
        letter,
        answer,
        {
            Part.TITLE: letters.open_title(keyring, letter),
            Part.BODY: letters.open_body(keyring, letter),
            Part.REPLY: answer.text,
        },
        redaction,
        found.spans,
        found.approvals,
        frozenset(leads),
        gone and keyring.open(gone.reason_sealed, where=TAKEN_DOWN_REASON, row=str(gone.id)),
        offices,
        found.department,
    )


async def _proposals(session: AsyncSession, keyring: Keyring, case: Case) -> list[RedactionSpan]:
    """What the rules propose; names of the department's staff may stand in its reply."""
    personal = case.own or letters.personal_of(keyring, case.letter)
    shown = await departments.names_shown(session, case.answer.department_code)
    spans = []
    for part, text in case.texts.items():
        known = Known(personal, shown if part is Part.REPLY else frozenset(), case.offices)
        proposed = propose(text, known)
        hinted = await asyncio.to_thread(tagging.hints, text, proposed, known.allowed)
        spans += [
            RedactionSpan(redaction_id=case.redaction.id, part=part, hint=hint, **span._asdict())
            for hint, found in ((False, proposed), (True, hinted))
            for span in found
        ]
    return spans


def _kept(
    redaction: Redaction, before: Sequence[RedactionSpan], proposed: Sequence[RedactionSpan]
) -> list[RedactionSpan]:
    """What was accepted in the edition before and no rule proposes: proposed again, so that what a
    reviewer saw is not forgotten.
    """
    known = {(span.part, rules.as_span(span)) for span in proposed}
    return [
        RedactionSpan(
            redaction_id=redaction.id, part=old.part, added_by=old.added_by,
            **rules.as_span(old)._asdict(),
        )
        for old in before
        if old.verdict is ReviewVerdict.ACCEPTED and (old.part, rules.as_span(old)) not in known
    ]  # fmt: skip
