"""What callers are shown of a letter's file: departments masked, senders their own."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.casework.models import ActivityKind
from services.feedback.letters.models import Anonymity, Channel, LetterKind, LetterState
from shared.web.models import View


class DuplicateView(View):
    """An earlier letter that reads much like this one."""

    id: UUID
    reg_no: str
    likeness: float = Field(description="相同内容的比例 | Share in common, 0 to 1")


class LetterView(View):
    """A letter in a work list; what looks personal in its title is masked."""

    id: UUID
    reg_no: str
    kind: LetterKind
    channel: Channel
    state: LetterState
    version: int
    title: str
    received_at: AwareDatetime
    department_code: str | None
    anonymity: Anonymity
    wants_public: bool
    reopened: int
    replied_at: AwareDatetime | None
    merged_into: UUID | None
    due_on: date | None = Field(description="答复期限 | The last day to reply")
    due_is_provisional: bool
    is_overdue: bool
    actions: list[str] = Field(description="您现在可以做的 | What you may do now")
    duplicates: list[DuplicateView]


class StepView(View):
    """One move of a letter, for staff; its words are masked."""

    version: int
    action: str
    from_state: LetterState | None
    to_state: LetterState
    actor: str
    department_code: str | None
    reason_code: str | None
    said: dict[str, Any]
    at: AwareDatetime


class ActivityView(View):
    kind: ActivityKind
    held_on: date
    summary: str
    recorded_by: str


class ClockView(View):
    """A time limit of the letter."""

    kind: str
    state: str
    due_on: date
    original_due_on: date
    is_provisional: bool


class FileView(LetterView):
    """A letter with everything that happened to it, masked."""

    body: str
    supplements: list[str]
    replies: list[str]
    steps: list[StepView]
    activities: list[ActivityView]
    clocks: list[ClockView]


class PapersView(View):
    """What was added to a letter, unmasked. Reading it is written to the audit log."""

    supplements: list[str]
    replies: list[str]


class SenderStep(View):
    """One step as its sender is told it."""

    at: AwareDatetime
    action: str
    label: str = Field(examples=["登记"])
    label_en: str = Field(examples=["Register"])
    state: LetterState
    message: str | None = None


class SenderView(View):
    """A letter as its sender sees it."""

    reg_no: str
    kind: LetterKind
    state: LetterState
    title: str
    received_at: AwareDatetime
    department: str | None
    due_on: date | None
    due_is_provisional: bool
    timeline: list[SenderStep]
    reply: str | None = None
    replied_at: AwareDatetime | None = None
    actions: list[str] = Field(description="您现在可以做的 | What you may do now")
