"""What each action on a letter takes, one closed model an action, and what callers are shown."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.feedback.casework.models import ActivityKind, LetterGrade
from services.feedback.departments.schemas import DepartmentCode
from services.feedback.letters.models import Anonymity, Channel, LetterKind, LetterState
from services.feedback.letters.schemas import PlainText
from services.feedback.missing_disclosures.schemas import WithMissingDisclosure
from services.feedback.quarantine.models import QuarantineState
from shared.web.models import Prose, View, old_name_of

Reason = Annotated[PlainText, Field(min_length=1, max_length=500)]
Paragraphs = Annotated[PlainText, Field(min_length=1, max_length=5000)]


class ReturnReason(StrEnum):
    """Why a department gives a letter back."""

    NOT_COMPETENT = "not_competent"
    OTHER_AUTHORITY = "other_authority"
    SEVERAL_AUTHORITIES = "several_authorities"
    IN_LITIGATION = "in_litigation"
    DUPLICATE = "duplicate"


class RefusalReason(StrEnum):
    """Why a letter is not accepted: 信访工作条例 art. 19 and 31."""

    OTHER_PROCEDURE = "other_procedure"
    ALREADY_HANDLED = "already_handled"
    NO_CONCRETE_MATTER = "no_concrete_matter"
    OUTSIDE_COMPETENCE = "outside_competence"


class WithNote(Prose):
    """What every action may carry: a note for the file."""

    note: Annotated[PlainText, Field(max_length=500)] | None = None


class Classify(WithNote):
    kind: LetterKind | None = None
    accused: list[DepartmentCode] | None = Field(
        None,
        max_length=20,
        description="被举报的部门，举报必填，可为空表 | Required for accusations: whom, or nobody.",
    )


class Refuse(WithNote):
    reason_code: RefusalReason
    basis: Reason
    where_to_go: Reason


class Dispatch(WithNote):
    department_code: DepartmentCode


class GiveBack(WithNote):
    reason_code: ReturnReason
    basis: Reason


class Explain(WithNote):
    reason: Reason


class AskCitizen(WithNote):
    question: Reason


class SubmitReply(WithNote):
    text: Paragraphs


class RequestExtension(WithNote):
    workdays: int = Field(ge=1, le=30)
    reason: Reason


class LogActivity(WithNote):
    kind: ActivityKind
    held_on: date
    summary: Reason


class Merge(WithNote):
    into: UUID = Field(description="并入的来信 | The letter that goes on.")


class Transfer(WithNote):
    organisation: Annotated[PlainText, Field(min_length=1, max_length=100)]
    basis: Reason


class WithCode(Prose):
    """What the sender sends: the query code in the body, or as `?code=`."""

    code: Annotated[str, Field(max_length=20)] | None = Field(None, examples=["7KQ2M9XTCA"])


class Supplement(WithCode):
    text: Paragraphs


class Consent(WithCode):
    wants_public: bool = Field(description="是否同意公开 | Whether it may be published")


class LetterAppeal(WithCode):
    reason: Reason


class Withdraw(WithCode):
    reason: Reason | None = None


class RateReply(WithCode):
    grade: LetterGrade
    text: Annotated[PlainText, Field(max_length=500)] | None = None


class Reopen(WithCode):
    reason: Reason


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
    due_on: date | None
    due_on_is_provisional: bool
    due_on_is_paused: bool = False
    paused_since: date | None = None
    overdue: bool
    actions: list[str] = Field(description="您现在可以做的 | What you may do now")
    duplicates: list[DuplicateView]

    @old_name_of("due_on_is_provisional")
    def due_is_provisional(self) -> bool:
        return self.due_on_is_provisional

    @old_name_of("overdue")
    def is_overdue(self) -> bool:
        return self.overdue


class LetterStepView(View):
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


class LetterClockView(View):
    """A time limit of the letter."""

    kind: str
    state: str
    due_on: date
    original_due_on: date
    due_on_is_provisional: bool

    @old_name_of("due_on_is_provisional")
    def is_provisional(self) -> bool:
        return self.due_on_is_provisional


class MergedView(View):
    """What another sender wrote about the same matter, to be answered together."""

    reg_no: str
    received_at: AwareDatetime
    title: str
    body: str
    supplements: list[str]


class FileView(WithMissingDisclosure, LetterView):
    """A letter with everything that happened to it, masked."""

    body: str
    merged: list[MergedView] = Field(description="并入的来信 | Letters merged into this one")
    supplements: list[str]
    replies: list[str]
    steps: list[LetterStepView]
    activities: list[ActivityView]
    clocks: list[LetterClockView]


class PapersView(View):
    """What was added to a letter, unmasked. Reading it is written to the audit log."""

    supplements: list[str]
    replies: list[str]
    merged: list[MergedView] = Field(description="并入的来信 | Letters merged into this one")


class SenderSupplement(View):
    """What the sender added, and when."""

    at: AwareDatetime
    text: str


class MyLetterView(View):
    """One of the letters that an account has written under its name."""

    reg_no: str
    kind: LetterKind
    state: LetterState
    title: str
    received_at: AwareDatetime
    due_on: date | None
    due_on_is_paused: bool = False
    answer_by: date | None = None


class SenderStep(View):
    """One step as its sender is told it."""

    at: AwareDatetime
    action: str
    label: str = Field(examples=["登记"])
    label_en: str = Field(examples=["Register"])
    state: LetterState | QuarantineState
    message: str | None = None


class SenderView(WithMissingDisclosure):
    """A letter as its sender sees it."""

    reg_no: str
    kind: LetterKind
    state: LetterState | QuarantineState
    title: str
    body: str
    place: str | None
    supplements: list[SenderSupplement]
    wants_public: bool
    received_at: AwareDatetime
    department_name: str | None
    due_on: date | None
    due_on_is_provisional: bool
    due_on_is_paused: bool = False
    answer_by: date | None = None
    timeline: list[SenderStep]
    reply: str | None = None
    replied_at: AwareDatetime | None = None
    actions: list[str] = Field(description="您现在可以做的 | What you may do now")

    @old_name_of("due_on_is_provisional")
    def due_is_provisional(self) -> bool:
        return self.due_on_is_provisional

    @old_name_of("department_name")
    def department(self) -> str | None:
        return self.department_name
