"""The way of a letter as its sender is told it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from services.feedback.casework import service, workflow
from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.casework.models import LetterTransition
from services.feedback.casework.schemas import SenderStep
from services.feedback.casework.workflow import LetterMove
from services.feedback.letters.models import Letter, LetterState
from shared.errors import Text
from shared.security.crypto import Keyring

RECEIVED = Text("收到", "Received")
WAITS = frozenset({ClockEffect.PAUSED, ClockEffect.WAITS_ON})
"""What a question to the sender does to the clocks."""


def timeline(
    keyring: Keyring,
    letter: Letter,
    steps: Sequence[LetterTransition],
    language: str,
    answer_by: date | None,
) -> list[SenderStep]:
    """The letter's receipt, and what the sender is told of the steps since."""
    return [_received(letter), *shown(keyring, steps, language, answer_by)]


def _received(letter: Letter) -> SenderStep:
    return SenderStep(
        at=letter.received_at,
        action="receive",
        label=RECEIVED.zh,
        label_en=RECEIVED.en,
        state=LetterState.RECEIVED,
    )


def shown(
    keyring: Keyring,
    steps: Sequence[LetterTransition],
    language: str,
    answer_by: date | None = None,
) -> Iterator[SenderStep]:
    """The steps whose rows say that the sender is told; a step without a row is not shown.

    The last question says until when it can be answered, while the letter waits for that.
    """
    last_asked = None
    if answer_by is not None:
        last_asked = next((step.id for step in reversed(steps) if _asks(step)), None)
    for step in steps:
        row = step.from_state and workflow.WORKFLOW.get(step.from_state, step.action)
        if row and row.tells_sender:
            until = answer_by if step.id == last_asked else None
            yield _step(keyring, step, row, language, until)


def _asks(step: LetterTransition) -> bool:
    row = workflow.WORKFLOW.get(step.from_state, step.action) if step.from_state else None
    return row is not None and not WAITS.isdisjoint(row.clocks)


def _step(
    keyring: Keyring,
    step: LetterTransition,
    row: LetterMove[Any],
    language: str,
    answer_by: date | None,
) -> SenderStep:
    label = workflow.WORKFLOW.name(row.state, row.action)
    message = _message(keyring, step, row, language)
    if answer_by is not None:
        message = "\n".join(filter(None, [message, _until(answer_by).say(language)]))
    return SenderStep(
        at=step.at,
        action=row.shown_as or step.action,
        label=label.zh,
        label_en=label.en,
        state=step.to_state,
        message=message,
    )


def _until(day: date) -> Text:
    return Text(
        f"请在{day.month}月{day.day}日（含当日）前补充；等候期间，答复期限暂停计算",
        f"Please answer by the end of {day.day} {day:%B}; until then, the time to reply stands"
        " still",
    )


def _message(
    keyring: Keyring, step: LetterTransition, row: LetterMove[Any], language: str
) -> str | None:
    """The words of the step for the sender: why not, where else to go, what is asked."""
    if row.notice is not None:
        return row.notice.say(language)
    if not row.quotes:
        return None
    fields = service.fields_of(keyring, step)
    return "\n".join(fields[name] for name in row.quotes if name in fields)
