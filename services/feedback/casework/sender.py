"""What a sender with the right query code is shown."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import clocks, queries, views, workflow
from services.feedback.casework.answers import SenderStep, SenderView
from services.feedback.casework.labels import LABELS, TOLD_THE_SENDER
from services.feedback.casework.models import LetterTransition
from services.feedback.casework.workflow import SENDER
from services.feedback.deadlines.models import ClockState, Deadline
from services.feedback.departments import service as departments
from services.feedback.letters import service as letters
from services.feedback.letters.limits import REPLY_LIMITS
from services.feedback.letters.models import Letter, LetterState
from services.feedback.redaction.rules import Known, mask
from shared.errors import Text
from shared.security.crypto import Keyring

RECEIVED = Text("收到", "Received")
MERGED_AS = Text("您的来信与他人反映的同一事项并案办理", "Handled together with a like letter")
ENDPOINTS = {"rate_good": "rate", "rate_bad": "rate", "rate_last": "rate"}


async def view(session: AsyncSession, keyring: Keyring, letter: Letter) -> SenderView:
    """The sender's letter: where it stands, what was asked of them, and the reply."""
    clock = (await clocks.of(session, letter)).get(REPLY_LIMITS[letter.kind])
    steps = await queries.transitions(session, letter.id)
    shown = [_step(keyring, step) for step in steps if step.action in TOLD_THE_SENDER]
    return SenderView(
        reg_no=letter.reg_no,
        kind=letter.kind,
        state=letter.state,
        title=letters.open_title(keyring, letter),
        received_at=letter.received_at,
        department=await _department(session, letter),
        **_due(clock),
        timeline=[_received(letter), *shown],
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
    open_to = workflow.WORKFLOW.open_to(state, frozenset({SENDER}))
    return list(dict.fromkeys(ENDPOINTS.get(action, action) for action in open_to))


def _received(letter: Letter) -> SenderStep:
    return SenderStep(
        at=letter.received_at,
        action="receive",
        label=RECEIVED.zh,
        label_en=RECEIVED.en,
        state=LetterState.RECEIVED,
    )


def _step(keyring: Keyring, step: LetterTransition) -> SenderStep:
    label = LABELS[step.action]
    return SenderStep(
        at=step.at,
        action=ENDPOINTS.get(step.action, step.action),
        label=label.zh,
        label_en=label.en,
        state=step.to_state,
        message=_message(keyring, step),
    )


def _message(keyring: Keyring, step: LetterTransition) -> str | None:
    """What the step says to the sender: why not, where else to go, what is asked."""
    if step.action == "merge":
        return f"{MERGED_AS.zh} | {MERGED_AS.en}"
    if step.action not in ("refuse", "transfer", "ask_citizen", "refuse_reopen"):
        return None
    said = views.said_in(keyring, step)
    names = ("basis", "where_to_go", "organisation", "question", "reason")
    return "\n".join(said[name] for name in names if name in said)


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
    text = views.open_reply(keyring, reply)
    if answered.id == letter.id:
        return text
    return mask(text, Known(letters.personal_of(keyring, answered)))
