"""The senders' side of letters that wait: read, added to, agreed about and withdrawn by code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.deadlines.service import ClockSet, Subject
from services.feedback.letters import rules as letter_rules
from services.feedback.letters import service as letters
from services.feedback.letters.limits import owner_without_department
from services.feedback.letters.models import Letter
from services.feedback.letters.own import SUPPLEMENT_TEXT, Added
from services.feedback.quarantine import queries, rules
from services.feedback.quarantine.models import QuarantinedLetter, QuarantinedSupplement
from services.feedback.quarantine.queries import WaitingAlike
from services.feedback.quarantine.workflow import WORKFLOW, QuarantineMove
from shared.database import versioned
from shared.database.engine import DirectPool
from shared.ids import new_id
from shared.security.crypto import Keyring

REASON = "quarantined_letter.reason"
APPEAL, APPEAL_ANSWER = "quarantined_letter.appeal", "quarantined_letter.appeal_answer"


class WaitingMoved(NamedTuple):
    """A letter that waits, after something that its sender did, its limits, and what was added."""

    letter: QuarantinedLetter
    clocks: ClockSet
    added: Sequence[QuarantinedSupplement]


async def with_code(
    session: AsyncSession,
    direct: DirectPool,
    keyring: Keyring,
    number: str,
    code: str | None,
    now: datetime,
) -> Letter | QuarantinedLetter:
    """What a sender's number and code open: the letter, by its waiting number too, or what waits.

    Raises NotFound for a wrong number or code alike, TooMany after many.
    """
    number = number.strip().upper()
    if not rules.is_waiting_number(number):
        return await letters.with_code(session, direct, keyring, number, code, now)
    waiting = await queries.by_number(session, number)
    letter = await letters.by_id(session, waiting.id) if waiting is not None else None
    right = waiting.code_hash if waiting is not None else None
    if letter is not None:
        right = letters.code_of(letter)
    await letters.ensure_code(direct, keyring, number, right, code, now)
    found = letter if letter is not None else waiting
    assert found is not None  # no code is the right one of nothing
    return found


async def act_as_sender(
    session: AsyncSession,
    keyring: Keyring,
    waiting: QuarantinedLetter,
    action: str,
    now: datetime,
    *,
    text: str | None = None,
    wants_public: bool | None = None,
    appeal: str | None = None,
) -> WaitingMoved:
    """The letter after something that its sender did, who has shown the query code.

    Raises NotYetRegistered for what only a registered letter allows, TooManySupplements, and
    AlreadyAppealed.
    """
    move = WORKFLOW.get(waiting.state, action)
    if move is None or letter_rules.SENDER not in move.roles:
        raise rules.NotYetRegistered(state=waiting.state)
    changes: dict[str, Any] = {"state": move.to}
    if wants_public is not None:
        changes["wants_public"] = wants_public
    if appeal is not None:
        letter_rules.ensure_first_appeal(has_appealed=waiting.appealed_at is not None)
        sealed = keyring.seal(appeal, where=APPEAL, row=str(waiting.id))
        changes |= {"appeal_sealed": sealed, "appealed_at": now}
    moved = await versioned.swap(session, waiting, changes)
    added = [await _add(session, keyring, moved, text, now)] if text is not None else []
    return WaitingMoved(moved, await _turn_clocks(session, moved, move, now), added)


async def _add(
    session: AsyncSession, keyring: Keyring, moved: QuarantinedLetter, text: str, now: datetime
) -> QuarantinedSupplement:
    letter_rules.ensure_room(len(await queries.supplements(session, moved.id)))
    row = new_id()
    sealed = keyring.seal(text, where=SUPPLEMENT_TEXT, row=str(row))
    added = QuarantinedSupplement(id=row, quarantined_id=moved.id, text_sealed=sealed, at=now)
    session.add(added)
    await session.flush()
    return added


async def _turn_clocks(
    session: AsyncSession, moved: QuarantinedLetter, move: QuarantineMove, now: datetime
) -> ClockSet:
    subject, by = Subject(SubjectKind.LETTER, moved.id), letter_rules.SENDER
    clocks = await deadlines.to_change(session, subject.kind, [moved.id], by=by, now=now)
    if move.ends_clocks:
        clocks.cancel()
    if move.starts_appeal:
        clocks.start(subject, [PolicyKind.LETTER_APPEAL], owner_without_department(moved.kind))
    await deadlines.save(session, clocks)
    return clocks


async def supplements(
    session: AsyncSession, keyring: Keyring, waiting: QuarantinedLetter
) -> list[Added]:
    """What the sender added, earliest first."""
    return (await supplements_of(session, keyring, [waiting]))[waiting.id]


async def supplements_of(
    session: AsyncSession, keyring: Keyring, waiting: Sequence[QuarantinedLetter]
) -> dict[UUID, list[Added]]:
    """What was added to each of them, earliest first."""
    found: dict[UUID, list[Added]] = {one.id: [] for one in waiting}
    for row in await queries.supplements(session, *found):
        found[row.quarantined_id].append(open_supplement(keyring, row))
    return found


# What does not open is said to be so, where it is shown: it hides no other part, and no other row.


def open_supplement(keyring: Keyring, row: QuarantinedSupplement) -> Added:
    text = keyring.open_or_note(row.text_sealed, where=SUPPLEMENT_TEXT, row=str(row.id))
    return Added(row.at, text)


def open_reason(keyring: Keyring, waiting: QuarantinedLetter) -> str | None:
    """Why it was dropped."""
    sealed = waiting.reason_sealed
    return sealed and keyring.open_or_note(sealed, where=REASON, row=str(waiting.id))


def open_appeal(keyring: Keyring, waiting: QuarantinedLetter) -> str | None:
    """Why its sender wants it registered all the same."""
    sealed = waiting.appeal_sealed
    return sealed and keyring.open_or_note(sealed, where=APPEAL, row=str(waiting.id))


def open_appeal_answer(keyring: Keyring, waiting: QuarantinedLetter) -> str | None:
    """Why it stays as it was decided."""
    sealed = waiting.appeal_answer_sealed
    return sealed and keyring.open_or_note(sealed, where=APPEAL_ANSWER, row=str(waiting.id))


def open_title(keyring: Keyring, waiting: QuarantinedLetter) -> str:
    return _open(keyring, waiting, "title")


def open_body(keyring: Keyring, waiting: QuarantinedLetter) -> str:
    return _open(keyring, waiting, "body")


def open_place(keyring: Keyring, waiting: QuarantinedLetter | WaitingAlike) -> str | None:
    return _open(keyring, waiting, "place") or None


def _open(keyring: Keyring, waiting: QuarantinedLetter | WaitingAlike, column: str) -> str:
    """Empty of what is a letter by now: its texts have moved there."""
    sealed = getattr(waiting, f"{column}_sealed")
    row = str(waiting.id)
    return keyring.open_or_note(sealed, where=f"letter.{column}", row=row) if sealed else ""
