from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.feedback.letters.models import LetterKind
from services.feedback.letters.schemas import PlainText
from services.feedback.publication.models import DeclineReason, Part, RedactionState, ReviewVerdict
from services.feedback.redaction.spans import SpanKind
from shared.web.models import Prose, View, old_name_of


class OpenRedaction(Prose):
    basis: Annotated[PlainText, Field(min_length=1, max_length=200)] | None = Field(
        None, description="举报件公开的依据 | Why an accusation is published at all"
    )


class AddedSpan(Prose):
    """Characters (code points) `start` up to `end` of a part."""

    part: Part
    start: int = Field(ge=0, le=5000)
    end: int = Field(ge=1, le=5000)
    kind: SpanKind = SpanKind.OTHER


class Decide(Prose):
    accept: list[UUID] = Field(default_factory=list, max_length=500)
    reject: list[UUID] = Field(default_factory=list, max_length=500)
    add: list[AddedSpan] = Field(default_factory=list, max_length=100)


class Decline(Prose):
    reason_code: DeclineReason


class TakeDown(Prose):
    reason: Annotated[PlainText, Field(min_length=1, max_length=500)] = Field(
        description="撤下的理由，入档 | Why it is taken down; kept in the file",
        examples=["公开稿中仍可看出来信人身份"],
    )


class SpanView(View):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    part: Part
    start: int
    end: int
    kind: SpanKind
    verdict: ReviewVerdict | None
    added_by: str | None = Field(description="空为规则提出 | Null: proposed by a rule")
    hint: bool = Field(
        description="分词提示，可能有误；不处理也不妨碍公开"
        " | A tagger's hint, which may be wrong; undecided it is in nobody's way"
    )


class Blocker(View):
    """Something that nobody has decided and that must not go out so."""

    part: Part
    start: int
    end: int
    kind: SpanKind


class RedactionView(View):
    """A redaction under review: originals, spans, and the copy as it would go out."""

    letter_id: UUID
    reg_no: str
    state: RedactionState
    edition: int = Field(description="第几次公开审核 | How often it was opened")
    taken_down_reason: str | None = Field(
        description="上一公开稿为何撤下 | Why the last public copy was taken down"
    )
    version: int
    texts: dict[Part, str]
    spans: list[SpanView]
    preview: dict[Part, str]
    blocked_by: list[Blocker]
    approvals: list[str]
    approvals_needed: int


class PublishedView(View):
    """A letter and its reply as the public reads them."""

    reg_no: str
    kind: LetterKind
    title: str
    body: str
    reply: str
    department_name: str = Field(validation_alias="department")
    department_code: str
    received_on: date
    replied_on: date
    published_at: AwareDatetime
    snippet: str

    @old_name_of("department_name")
    def department(self) -> str:
        return self.department_name
