"""What row an action adds to the letter's file, what is written in it sealed. Pure."""

from pydantic import BaseModel

from services.feedback.casework.changes import Act
from services.feedback.casework.models import (
    LetterActivity,
    LetterExtension,
    LetterRating,
    LetterReply,
    ReplyApproval,
)
from services.feedback.casework.schemas import (
    LogActivity,
    RateReply,
    RequestExtension,
    SubmitReply,
    Supplement,
)
from services.feedback.letters.models import Letter, LetterSupplement
from services.feedback.letters.own import SUPPLEMENT_TEXT
from shared.ids import new_id
from shared.security.crypto import Keyring


def reply(keyring: Keyring, letter: Letter, act: Act[SubmitReply]) -> LetterReply:
    assert letter.department_code is not None  # no row leads to handling without one
    row = new_id()
    return LetterReply(
        id=row,
        letter_id=letter.id,
        department_code=letter.department_code,
        text_sealed=keyring.seal(act.fields.text, where="letter_reply.text", row=str(row)),
        author=act.by,
        submitted_at=act.now,
    )


def approval(keyring: Keyring, letter: Letter, act: Act[BaseModel]) -> ReplyApproval:
    approved = act.file.reply
    assert approved is not None  # no row leads to the review without one
    return ReplyApproval(
        reply_id=approved.id, author=approved.author, approved_by=act.by, approved_at=act.now
    )


def supplement(keyring: Keyring, letter: Letter, act: Act[Supplement]) -> LetterSupplement:
    row = new_id()
    sealed = keyring.seal(act.fields.text, where=SUPPLEMENT_TEXT, row=str(row))
    return LetterSupplement(id=row, letter_id=letter.id, text_sealed=sealed, at=act.now)


def activity(keyring: Keyring, letter: Letter, act: Act[LogActivity]) -> LetterActivity:
    row, where = new_id(), "letter_activity.summary"
    return LetterActivity(
        id=row,
        letter_id=letter.id,
        kind=act.fields.kind,
        held_on=act.fields.held_on,
        summary_sealed=keyring.seal(act.fields.summary, where=where, row=str(row)),
        recorded_by=act.by,
        at=act.now,
    )


def extension(keyring: Keyring, letter: Letter, act: Act[RequestExtension]) -> LetterExtension:
    return LetterExtension(
        letter_id=letter.id, workdays=act.fields.workdays, asked_by=act.by, asked_at=act.now
    )


def rating(keyring: Keyring, letter: Letter, act: Act[RateReply]) -> LetterRating:
    """The grade of the latest answer; its number finds the words of a letter rated twice."""
    number, written = act.file.ratings + 1, act.fields.text
    row = f"{letter.id}/{number}"
    where = "letter_rating.text"
    return LetterRating(
        letter_id=letter.id,
        answer_no=number,
        reply_id=act.file.answer_id,
        grade=act.fields.grade,
        text_sealed=keyring.seal(written, where=where, row=row) if written else None,
        at=act.now,
    )
