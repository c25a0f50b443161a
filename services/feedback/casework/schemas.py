"""What each action on a letter takes: one closed model an action."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.casework.models import ActivityKind, LetterGrade
from services.feedback.letters.models import LetterKind
from services.feedback.letters.schemas import PlainText
from shared.web.models import Prose

Reason = Annotated[PlainText, Field(min_length=1, max_length=500)]
Paragraphs = Annotated[PlainText, Field(min_length=1, max_length=5000)]
DepartmentCode = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$", examples=["D03"])]


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


class Fields(Prose):
    """What every action may carry: a note for the file."""

    note: Annotated[PlainText, Field(max_length=500)] | None = None


class Classify(Fields):
    kind: LetterKind | None = Field(None, description="The kind, where the sender chose wrongly.")
    accused: list[DepartmentCode] | None = Field(
        None,
        max_length=20,
        description="Who a 举报 accuses; required for one, empty when no department is accused.",
    )


class Refuse(Fields):
    reason_code: RefusalReason
    basis: Reason
    where_to_go: Reason


class Dispatch(Fields):
    department_code: DepartmentCode


class GiveBack(Fields):
    reason_code: ReturnReason
    basis: Reason


class Explain(Fields):
    reason: Reason


class AskCitizen(Fields):
    question: Reason


class SubmitReply(Fields):
    text: Paragraphs


class RequestExtension(Fields):
    workdays: int = Field(ge=1, le=30)
    reason: Reason


class LogActivity(Fields):
    kind: ActivityKind
    held_on: date
    summary: Reason


class Merge(Fields):
    into: UUID = Field(description="The letter that goes on.")


class Transfer(Fields):
    organisation: Annotated[PlainText, Field(min_length=1, max_length=100)]
    basis: Reason


class WithCode(Prose):
    """What the sender sends: the query code in the body, or as `?code=`."""

    code: Annotated[str, Field(max_length=20)] | None = Field(None, examples=["7KQ2M9XTCA"])


class Supplement(WithCode):
    text: Paragraphs


class Withdraw(WithCode):
    reason: Reason | None = None


class Rate(WithCode):
    grade: LetterGrade
    text: Annotated[PlainText, Field(max_length=500)] | None = None


class Reopen(WithCode):
    reason: Reason
