"""What a sender with the right query code is shown."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import clocks, queries, service, workflow
from services.feedback.casework.models import LetterTransition
from services.feedback.casework.schemas import SenderStep, SenderView
from services.feedback.casework.workflow import LABELS, SENDER, LetterMove
from services.feedback.deadlines.models import ClockState, Deadline
from services.feedback.departments import service as departments
from services.feedback.letters import service as letters
from services.feedback.letters.limits import REPLY_LIMITS
from services.feedback.letters.models import Letter, LetterState
from services.feedback.redaction.rules import Known, mask
from shared.errors import Text
from shared.security.crypto import Keyring

RECEIVED = Text("收到", "Received")


async def view(session: AsyncSession, keyring: Keyring, letter: Letter) -> SenderView:
    """The sender's letter: where it stands, what was asked of them, and the reply."""
    clock = (await clocks.of(session, letter)).get(REPLY_LIMITS[letter.kind])
    steps = await queries.transitions(session, letter.id)
    return SenderView(
        reg_no=letter.reg_no,
        kind=letter.kind,
        state=letter.state,
        title=letters.open_title(keyring, letter),
        received_at=letter.received_at,
        department=await _department(session, letter),
        **_due(clock),
        timeline=[_received(letter), *_shown(keyring, steps)],
        reply=await _reply(session, keyring, letter),
        replied_at=letter.replied_at,
        actions=_actions(letter.state),
    )


def _due(clock: Deadline | None) -> dict[str, Any]:
    """The limit to reply; nothing where it was cancelled, for no reply will come."""
    if clock is None or clock.state is ClockState.CANCELLED:
        return {"due_on": None, "due_is_provisional": False}
    return {"due_on": clock.due_on, "due_is_provisional": clock.provisional}


def _actions(state: LetterState) -> list[str]:
    rows = [row for row in workflow.MOVES if row.state is state and SENDER in row.roles]
    return list(dict.fromkeys(row.shown_as or row.action for row in rows))


def _received(letter: Letter) -> SenderStep:
    return SenderStep(
        at=letter.received_at,
        action="receive",
        label=RECEIVED.zh,
        label_en=RECEIVED.en,
        state=LetterState.RECEIVED,
    )


def _shown(keyring: Keyring, steps: Sequence[LetterTransition]) -> Iterator[SenderStep]:
    """The steps whose rows say that the sender is told; a step without a row is not shown."""
    for step in steps:
        row = step.from_state and workflow.WORKFLOW.get(step.from_state, step.action)
        if row and row.tells_sender:
            yield _step(keyring, step, row)


def _step(keyring: Keyring, step: LetterTransition, row: LetterMove[Any]) -> SenderStep:
    label = LABELS[step.action]
    return SenderStep(
        at=step.at,
        action=row.shown_as or step.action,
        label=label.zh,
        label_en=label.en,
        state=step.to_state,
        message=_message(keyring, step, row),
    )


def _message(keyring: Keyring, step: LetterTransition, row: LetterMove[Any]) -> str | None:
    """The words of the step for the sender: why not, where else to go, what is asked."""
    if row.notice is not None:
        return f"{row.notice.zh} | {row.notice.en}"
    if not row.quotes:
        return None
    fields = service.fields_of(keyring, step)
    return "\n".join(fields[name] for name in row.quotes if name in fields)


async def _department(session: AsyncSession, letter: Letter) -> str | None:
    code = letter.department_code
    found = await departments.of_codes(session, [code]) if code else {}
    return found[code].name if code in found else None


async def _reply(session: AsyncSession, keyring: Keyring, letter: Letter) -> str | None:
    """The reply that went out; to the sender of a merged letter that of the other, masked."""
    answered = letter
    while answered.merged_into is not None:
        followed = await letters.by_id(session, answered.merged_into)
        assert followed is not None  # a foreign key
        answered = followed
    reply = await queries.approved_reply(session, answered.id)
    if reply is None:
        return None
    text = service.open_reply(keyring, reply)
    if answered.id == letter.id:
        return text
    return mask(text, Known(letters.personal_of(keyring, answered)))
