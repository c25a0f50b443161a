"""From a reply that went out to its public copy: proposals, verdicts, approvals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import service as casework
from services.feedback.casework.moving import Moved
from services.feedback.casework.schemas import Consent
from services.feedback.deadlines import service as deadlines
from services.feedback.letters import service as letters
from services.feedback.letters.limits import subject_of
from services.feedback.letters.models import Letter
from services.feedback.publication import queries, rules, search
from services.feedback.publication.cases import TAKEN_DOWN_REASON, Case
from services.feedback.publication.models import (
    DeclineReason,
    Part,
    PublishedLetter,
    Redaction,
    RedactionApproval,
    RedactionSpan,
    RedactionState,
    ReviewVerdict,
)
from services.feedback.publication.schemas import Decide
from services.feedback.publication.workflow import SENDER, WORKFLOW, RedactionAction, RedactionMove
from shared.clock import today
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.database.engine import ensure_transaction
from shared.errors import FourEyes, Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

_VERDICTS = {"accept": ReviewVerdict.ACCEPTED, "reject": ReviewVerdict.REJECTED}


async def decide(
    session: AsyncSession, case: Case, decision: Decide, expected: int, caller: Caller
) -> Case:
    """Accept, reject and add spans; what was approved before counts no longer."""
    redaction = case.redaction
    move = _move(redaction, RedactionAction.DECIDE, expected, caller)
    for place, wanted in enumerate(decision.add):
        pointer = f"/body/add/{place}/end"
        rules.ensure_inside(case.texts[wanted.part], wanted.start, wanted.end, pointer)
    verdicts = _verdicts(case, decision)
    case = await _swapped(session, case, move, {})
    added = [
        RedactionSpan(
            redaction_id=redaction.id,
            part=wanted.part,
            start=wanted.start,
            end=wanted.end,
            kind=wanted.kind,
            added_by=caller.sub,
            verdict=ReviewVerdict.ACCEPTED,
            decided_by=caller.sub,
        )
        for wanted in decision.add
    ]
    await queries.judge(session, redaction.id, verdicts, caller.sub)
    await queries.add_spans(session, added)
    for span in case.spans:
        if span.id in verdicts:
            span.verdict, span.decided_by = verdicts[span.id], caller.sub
    return case._replace(spans=rules.in_order([*case.spans, *added]))


def _verdicts(case: Case, decision: Decide) -> dict[UUID, ReviewVerdict]:
    """What is decided of the spans that there are. Raises Invalid for others."""
    known = {span.id for span in case.spans}
    verdicts: dict[UUID, ReviewVerdict] = {}
    for name, verdict in _VERDICTS.items():
        ids = getattr(decision, name)
        if not known.issuperset(ids):
            raise Invalid(Text("没有这个标记", "There is no such span"), pointer=f"/body/{name}")
        verdicts |= dict.fromkeys(ids, verdict)
    return verdicts


async def approve(
    session: AsyncSession, case: Case, expected: int, caller: Caller, now: datetime
) -> Case:
    """One more reviewer approves; the last one needed puts the copy online."""
    redaction = case.redaction
    move = _move(redaction, RedactionAction.APPROVE, expected, caller)
    if case.letter.state not in rules.ANSWERED:
        raise rules.NotAnswered(state=case.letter.state)
    # Held as it was seen: its sender may be taking the consent back at this very moment, which
    # locks it.
    await versioned.hold(session, case.letter)
    if not case.letter.wants_public:
        raise rules.NotAgreed
    rules.ensure_clear(case.texts, case.spans, case.own, case.offices)
    if caller.sub in case.approvals:
        raise FourEyes(rules.ANOTHER_REVIEWER)
    approvals = [*case.approvals, caller.sub]
    done = len(approvals) >= redaction.approvals_needed
    changes = {"state": RedactionState.PUBLISHED, "decided_at": now} if done else {}
    case = (await _swapped(session, case, move, changes))._replace(approvals=approvals)
    session.add(
        RedactionApproval(
            redaction_id=redaction.id,
            spans_version=redaction.spans_version,
            reviewer=caller.sub,
            at=now,
        )
    )
    if done:
        await _publish(session, case, now)
        await _follow(session, case, move, caller, now)
    await session.flush()
    return case


async def decline(
    session: AsyncSession,
    case: Case,
    reason: DeclineReason,
    expected: int,
    caller: Caller,
    now: datetime,
) -> Case:
    """The reply is lawfully not published; it leaves the denominator of the publication rate."""
    move = _move(case.redaction, RedactionAction.DECLINE, expected, caller)
    case = await _swapped(session, case, move, {"declined_for": reason, "decided_at": now})
    await _follow(session, case, move, caller, now)
    return case


async def consent(
    session: AsyncSession, keyring: Keyring, letter: Letter, given: Consent, now: datetime
) -> Moved:
    """The letter as its sender now wants it; consent taken back takes the public copy down at once
    (PIPL art. 15), which asks for a transaction: what is approved meanwhile is seen only behind the
    letter's lock.
    """
    # Whoever acts on the letter meanwhile does not turn the sender away.
    if isinstance(session, DecidingSession):
        session.statement.wait_for(letter)
    else:
        letter = await letters.locked(session, letter.id)
    done = await casework.act_as_sender(session, keyring, letter, "consent", given, now)
    if given.wants_public:
        return done
    ensure_transaction(session)
    _, online = await queries.with_online(session, letter.id)
    if online is not None:
        move = WORKFLOW.take(
            online.state, online.version, RedactionAction.TAKE_BACK, frozenset({SENDER})
        )
        await _unpublish(session, done.letter, online, move, {}, now)
    return done


async def take_down(
    session: AsyncSession,
    keyring: Keyring,
    letter_id: UUID,
    reason: str,
    expected: int,
    caller: Caller,
    now: datetime,
) -> None:
    """The public copy disappears at once; what was published is kept for the file, and why it went.

    Raises NotFound where nothing of the letter is online, StateConflict for another version.
    """
    found, online = await queries.with_online(session, letter_id)
    letter = letters.ensure_visible(found, caller)
    if online is None:
        raise NotFound(Text("这封来信没有公开", "Nothing of this letter is public"))
    move = _move(online, RedactionAction.TAKE_DOWN, expected, caller)
    sealed = keyring.seal(reason, where=TAKEN_DOWN_REASON, row=str(online.id))
    await _unpublish(session, letter, online, move, {"taken_down_reason_sealed": sealed}, now)
    await audit_log.write(
        session, caller.sub, "publication.taken_down", f"letter:{letter.id}", now, {}
    )


async def _unpublish(
    session: AsyncSession,
    letter: Letter,
    online: Redaction,
    move: RedactionMove,
    changes: dict[str, Any],
    now: datetime,
) -> None:
    await versioned.swap(session, online, {"state": move.to, **changes})
    await queries.take_down(session, letter.id, now)
    if move.event is not None:
        await casework.record(session, letter, move.event, now, because=move.because)


def _move(
    redaction: Redaction, action: RedactionAction, expected: int, caller: Caller
) -> RedactionMove:
    versions.ensure(expected, version=redaction.version, state=redaction.state)
    return WORKFLOW.take(redaction.state, redaction.version, action, caller.roles)


async def _swapped(
    session: AsyncSession, case: Case, move: RedactionMove, changes: dict[str, Any]
) -> Case:
    seen = case.redaction
    changed = {"state": move.to or seen.state, **changes}
    if move.renews:
        changed["spans_version"] = seen.spans_version + 1
        case = case._replace(approvals=[])
    return case._replace(redaction=await versioned.swap(session, seen, changed))


async def _follow(
    session: AsyncSession, case: Case, move: RedactionMove, caller: Caller, now: datetime
) -> None:
    """What is decided is published as an event where its row says so, and meets its limit."""
    if move.event is not None:
        await casework.record(session, case.letter, move.event, now)
    if move.meets is not None:
        await deadlines.meet(session, subject_of(case.letter), move.meets, by=caller.sub, now=now)


async def _publish(session: AsyncSession, case: Case, now: datetime) -> None:
    letter = case.letter
    copy = rules.copy(case.texts, case.spans)
    hay = search.haystack(*copy.values())
    assert letter.replied_at is not None  # answered letters have it
    assert case.department is not None  # and one replied
    published = PublishedLetter(
        letter_id=letter.id,
        redaction_id=case.redaction.id,
        reg_no=letter.reg_no,
        kind=letter.kind,
        title=copy[Part.TITLE],
        body=copy[Part.BODY],
        reply=copy[Part.REPLY],
        department_code=case.answer.department_code,
        department=case.department,
        received_on=today(letter.received_at),
        replied_on=today(letter.replied_at),
        published_at=now,
        haystack=hay,
        grams=search.grams(hay),
    )
    await queries.put_online(session, published)
