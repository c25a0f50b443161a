"""What each action changes of the letter, and what it adds to the file."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import queries
from services.feedback.casework.models import (
    LetterActivity,
    LetterExtension,
    LetterRating,
    LetterReply,
    LetterSupplement,
    ReplyApproval,
)
from services.feedback.casework.queries import FileFacts
from services.feedback.letters.models import Letter, LetterKind, LetterState
from shared.ids import new_id
from shared.security.crypto import Keyring


@dataclass(frozen=True)
class Act:
    """Who does what to a letter, and when; `file` is what was there before."""

    by: str
    fields: Any
    now: datetime
    file: FileFacts


def changes(letter: Letter, action: str, to: LetterState, act: Act) -> dict[str, Any]:
    """The letter's columns that the action changes."""
    changed: dict[str, Any] = {"state": to}
    if to is LetterState.CLOSED and letter.state is not LetterState.CLOSED:
        changed["closed_at"] = act.now
    match action:
        case "register" | "reclassify":
            kind = act.fields.kind or letter.kind
            accused = act.fields.accused if kind is LetterKind.ACCUSATION else []
            changed |= {"kind": kind, "accused": sorted(set(accused))}
        case "dispatch":
            changed["department_code"] = act.fields.department_code
        case "return" | "uphold_return" | "recall":
            changed["department_code"] = None
        case "approve":
            changed["replied_at"] = act.now
        case "grant_reopen":
            changed |= {"reopened": letter.reopened + 1, "closed_at": None}
        case "merge":
            changed["merged_into"] = act.fields.into
        case "unmerge":
            changed["merged_into"] = None
    return changed


async def _reply(session: AsyncSession, keyring: Keyring, letter: Letter, act: Act) -> None:
    assert letter.department_code is not None  # no move leads to handling without one
    row = new_id()
    session.add(
        LetterReply(
            id=row,
            letter_id=letter.id,
            department_code=letter.department_code,
            text_sealed=keyring.seal(act.fields.text, where="letter_reply.text", row=str(row)),
            author=act.by,
            submitted_at=act.now,
        )
    )


async def _approval(session: AsyncSession, _: Keyring, letter: Letter, act: Act) -> None:
    reply = act.file.reply
    assert reply is not None  # no move leads to the review without one
    session.add(
        ReplyApproval(
            reply_id=reply.id,
            author=reply.author,
            approved_by=act.by,
            approved_at=act.now,
        )
    )


async def _supplement(session: AsyncSession, keyring: Keyring, letter: Letter, act: Act) -> None:
    row = new_id()
    sealed = keyring.seal(act.fields.text, where="letter_supplement.text", row=str(row))
    session.add(LetterSupplement(id=row, letter_id=letter.id, text_sealed=sealed, at=act.now))


async def _activity(session: AsyncSession, keyring: Keyring, letter: Letter, act: Act) -> None:
    row = new_id()
    summary = keyring.seal(act.fields.summary, where="letter_activity.summary", row=str(row))
    session.add(
        LetterActivity(
            id=row,
            letter_id=letter.id,
            kind=act.fields.kind,
            held_on=act.fields.held_on,
            summary_sealed=summary,
            recorded_by=act.by,
            at=act.now,
        )
    )


async def _extension(session: AsyncSession, _: Keyring, letter: Letter, act: Act) -> None:
    session.add(
        LetterExtension(
            letter_id=letter.id, workdays=act.fields.workdays, asked_by=act.by, asked_at=act.now
        )
    )


async def _granted(session: AsyncSession, _: Keyring, letter: Letter, act: Act) -> None:
    await _decide(session, act, granted=True)


async def _refused(session: AsyncSession, _: Keyring, letter: Letter, act: Act) -> None:
    await _decide(session, act, granted=False)


async def _decide(session: AsyncSession, act: Act, *, granted: bool) -> None:
    assert act.file.extension is not None  # the guard has looked
    await queries.decide_extension(
        session, act.file.extension.id, granted=granted, by=act.by, now=act.now
    )


async def _rating(session: AsyncSession, keyring: Keyring, letter: Letter, act: Act) -> None:
    answer_no = await queries.answers_given(session, letter.id)
    row, said = f"{letter.id}/{answer_no}", act.fields.text
    session.add(
        LetterRating(
            letter_id=letter.id,
            answer_no=answer_no,
            grade=act.fields.grade,
            text_sealed=keyring.seal(said, where="letter_rating.text", row=row) if said else None,
            at=act.now,
        )
    )


Write = Callable[[AsyncSession, Keyring, Letter, Act], Awaitable[None]]

ADDED: dict[str, Write] = {
    "submit_reply": _reply,
    "approve": _approval,
    "supplement": _supplement,
    "log_activity": _activity,
    "request_extension": _extension,
    "approve_extension": _granted,
    "refuse_extension": _refused,
    "rate_good": _rating,
    "rate_bad": _rating,
    "rate_last": _rating,
}
