"""What a sender with the right query code is shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import (
    clocks,
    facts,
    queries,
    sender_steps,
    service,
    statement,
    workflow,
)
from services.feedback.casework.models import LetterReply
from services.feedback.casework.moving import Moved
from services.feedback.casework.rules import Facts, FileFacts
from services.feedback.casework.schemas import (
    MyLetterView,
    SenderStep,
    SenderSupplement,
    SenderView,
)
from services.feedback.casework.statement import SenderPapers
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import ClockState, Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.departments import service as departments
from services.feedback.letters import own
from services.feedback.letters import service as letters
from services.feedback.letters.limits import REPLY_LIMITS, subject_of
from services.feedback.letters.models import Letter
from services.feedback.quarantine import senders as quarantine
from services.feedback.quarantine.models import QuarantinedLetter, QuarantineState
from services.feedback.quarantine.rules import NOTICE
from services.feedback.quarantine.senders import WaitingMoved
from services.feedback.quarantine.workflow import WORKFLOW as QUARANTINE
from services.feedback.quarantine.workflow import QuarantineAction, open_to_sender
from services.feedback.redaction.rules import Known, mask
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


async def view(
    session: AsyncSession,
    keyring: Keyring,
    letter: Letter,
    language: str,
    now: datetime,
    done: Moved | None = None,
) -> SenderView:
    """The sender's letter: where it stands, what was asked of them, and the reply; after what was
    just `done`, if it is, by what is in hand of it.
    """
    answered = await _answered(session, letter, done)
    papers, file = await _papers(session, letter, answered, done)
    reply = await _reply(session, keyring, papers.reply, letter, answered)
    limits = await _clocks(session, answered, done)
    answer_by = clocks.answer_by(letter, limits)
    return SenderView(
        reg_no=letter.reg_no,
        kind=letter.kind,
        state=letter.state,
        title=letters.open_title(keyring, letter),
        body=letters.open_body(keyring, letter),
        place=letters.open_place(keyring, letter),
        supplements=[
            SenderSupplement(at=one.at, text=one.text)
            for one in own.opened(keyring, papers.supplements)
        ],
        wants_public=letter.wants_public,
        received_at=letter.received_at,
        department_name=papers.department_name,
        answer_by=answer_by,
        **_due(clocks.awaited(answered, limits)),
        timeline=sender_steps.timeline(keyring, letter, papers.steps, language, answer_by),
        reply=reply,
        replied_at=answered.replied_at if reply is not None else None,
        missing_disclosure=papers.missing,
        actions=_actions(facts.of_sender(letter, answered.state, limits, file, now)),
    )


async def _papers(
    session: AsyncSession, letter: Letter, answered: Letter, done: Moved | None
) -> tuple[SenderPapers, FileFacts]:
    """What there is of the letter, with what was just `done`."""
    papers = await statement.papers(session, letter.id, answered.id)
    if done is not None:
        return papers.with_new(done.step, done.added), done.file_after
    return papers, await queries.file_facts(session, letter.id, answered.id)


async def waiting(
    session: AsyncSession,
    keyring: Keyring,
    found: QuarantinedLetter,
    language: str,
    done: WaitingMoved | None = None,
) -> SenderView:
    """A letter that staff look at before it is registered: truly received, and why it waits; after
    what was just `done`, if it is, by what is in hand of it.
    """
    supplements = await quarantine.supplements(session, keyring, found)
    if done is not None:
        limits = done.clocks.clocks
        supplements += [quarantine.open_supplement(keyring, one) for one in done.added]
    else:
        limits = await deadlines.of(session, Subject(SubjectKind.LETTER, found.id))
    is_appealed = found.state is QuarantineState.APPEALED
    awaited = PolicyKind.LETTER_APPEAL if is_appealed else REPLY_LIMITS[found.kind]
    limit = {clock.kind: clock for clock in limits}.get(awaited)
    return SenderView(
        reg_no=found.waiting_no,
        kind=found.kind,
        state=found.state,
        title=quarantine.open_title(keyring, found),
        body=quarantine.open_body(keyring, found),
        place=quarantine.open_place(keyring, found),
        supplements=[SenderSupplement(at=one.at, text=one.text) for one in supplements],
        wants_public=found.wants_public,
        received_at=found.received_at,
        department_name=None,
        **_due(limit),
        timeline=[_set_apart(found, language), *_decided(keyring, found)],
        actions=open_to_sender(
            found.state,
            has_appealed=found.appealed_at is not None,
            supplements=len(supplements),
        ),
    )


def _set_apart(found: QuarantinedLetter, language: str) -> SenderStep:
    return SenderStep(
        at=found.received_at,
        action="receive",
        label=sender_steps.RECEIVED.zh,
        label_en=sender_steps.RECEIVED.en,
        state=QuarantineState.QUARANTINED,
        message=NOTICE.say(language),
    )


def _decided(keyring: Keyring, found: QuarantinedLetter) -> Iterator[SenderStep]:
    """That it was dropped, appealed about, and dropped all the same; each with its reason."""
    if found.decided_at is not None:
        reason = quarantine.open_reason(keyring, found)
        yield _step_of_waiting(
            QuarantineAction.DROP, QuarantineState.DROPPED, found.decided_at, reason
        )
    if found.appealed_at is not None:
        appeal = quarantine.open_appeal(keyring, found)
        yield _step_of_waiting(
            QuarantineAction.APPEAL, QuarantineState.APPEALED, found.appealed_at, appeal
        )
    if found.appeal_decided_at is not None:
        answer = quarantine.open_appeal_answer(keyring, found)
        yield _step_of_waiting(
            QuarantineAction.REJECT_APPEAL, QuarantineState.DROPPED, found.appeal_decided_at, answer
        )


def _step_of_waiting(
    action: QuarantineAction, state: QuarantineState, at: datetime, message: str | None
) -> SenderStep:
    label = QUARANTINE.states[state]
    return SenderStep(
        at=at, action=action, label=label.zh, label_en=label.en, state=state, message=message
    )


def _due(clock: Deadline | None) -> dict[str, Any]:
    """The limit; nothing where it was cancelled, for what it was about will not come."""
    if clock is None or clock.state is ClockState.CANCELLED:
        return {"due_on": None, "due_on_is_provisional": False, "due_on_is_paused": False}
    return {
        "due_on": clock.due_on,
        "due_on_is_provisional": clock.provisional,
        "due_on_is_paused": clock.state is ClockState.PAUSED,
    }


def _actions(known: Facts[BaseModel]) -> list[str]:
    """What the sender may do now, under the names that they know; any grade is one rating."""
    open_to = dict.fromkeys(row.shown_as or row.action for row in workflow.open_rows(known))
    return [*open_to]


async def _answered(session: AsyncSession, letter: Letter, done: Moved | None) -> Letter:
    if done is not None and done.answered is not None:
        return done.answered.letter
    return await letters.answered_with(session, letter)


async def _clocks(
    session: AsyncSession, answered: Letter, done: Moved | None
) -> Sequence[Deadline]:
    for moved in (done, done and done.answered):
        if moved is not None and moved.letter.id == answered.id:
            return moved.clocks.clocks
    return await deadlines.of(session, subject_of(answered))


async def _reply(
    session: AsyncSession,
    keyring: Keyring,
    reply: LetterReply | None,
    letter: Letter,
    answered: Letter,
) -> str | None:
    """The reply that went out; to the sender of a merged letter that of the other, masked."""
    if reply is None:
        return None
    text = service.open_reply(keyring, reply)
    if answered.id == letter.id:
        return text
    offices = await departments.numbers_shown(session)
    return mask(text, Known(await own.own_of(session, keyring, answered), offices=offices))


async def mine(
    session: AsyncSession, keyring: Keyring, caller: Caller, paging: PageRequest
) -> Page[MyLetterView]:
    """The letters that the caller has written under their name, latest first."""
    after = paging.key(datetime, UUID)
    rows = await letters.of_account(session, keyring, caller, after, paging.limit + 1)
    limits = await _limits(session, rows)
    return page(
        rows,
        paging,
        lambda row: (row.received_at, row.id),
        lambda row: MyLetterView(
            reg_no=row.reg_no,
            kind=row.kind,
            state=row.state,
            title=letters.open_title(keyring, row),
            received_at=row.received_at,
            answer_by=clocks.answer_by(row, limits[row.id][0]),
            **_on_list(limits[row.id][1]),
        ),
    )


def _on_list(clock: Deadline | None) -> dict[str, Any]:
    due = _due(clock)
    return {name: due[name] for name in ("due_on", "due_on_is_paused")}


async def _limits(
    session: AsyncSession, rows: Sequence[Letter]
) -> dict[UUID, tuple[Sequence[Deadline], Deadline | None]]:
    """The clocks that each letter waits by, and the one for its answer, by the letter's id."""
    answered = await letters.all_answered_with(session, rows)
    ids = {letter.id for letter in answered.values()}
    running = await deadlines.all_of_many(session, SubjectKind.LETTER, ids)
    return {
        key: (running[one.id], clocks.awaited(one, running[one.id]))
        for key, one in answered.items()
    }
