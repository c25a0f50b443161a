"""What the API says about matches."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.matching.models import MatchMethod, MatchState, ReviewReason
from shared.web.models import Input, View, Words


class MatchedPage(View):
    id: UUID
    url: str
    title: str
    listed_on: date | None
    claimed_at: AwareDatetime | None
    claimed_from: str | None
    first_seen_at: AwareDatetime
    trust: int
    flags: list[str]
    index_no: str | None = Field(
        description="网页所示索引号，原样 | The index number as the page prints it."
    )
    evidence_id: UUID | None


class MatchedDuty(View):
    id: UUID
    project_code: str | None = Field(
        description="项目代码；不属于项目的为空 | The project; null where it is about none."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    project_name: str
    item_code: str
    formed_on: date | None
    doc_no: str | None


class MatchReasonView(Words):
    """A rule of the matcher by which the match was made, or waits for a person."""

    rule: str = Field(
        description="规则代号：怎样对上的（method），或为什么须人工审核（reason），sure 为无疑点"
        " | The rule's code: a `method`, a `reason`, or `sure` where nothing speaks against it."
    )


class MatchView(View):
    """网页与公开义务的对应关系，及其依据 | A page taken for a duty's publication, and why."""

    id: UUID
    state: MatchState
    method: MatchMethod
    score: float
    reason: ReviewReason | None
    because: list[MatchReasonView] = Field(
        description="依据的各条规则，用文字写明 | Each rule it rests on, in words."
    )
    claim_refused: bool = Field(
        description="网页现在自称的公开时间是否已被人工认定不可信，不论另因何事待核对"
        " | Whether a person does not believe the day that the page claims now, whatever else it"
        " waits for."
    )
    unit_code: str
    page: MatchedPage
    duty: MatchedDuty
    found_at: AwareDatetime
    decided_at: AwareDatetime | None
    first_by: str | None = Field(
        description="已认定或已否定、待另一人确认的监察人员"
        " | The auditor who accepted or rejected it and waits for another to confirm."
    )
    unreadable_since: AwareDatetime | None = Field(
        description="已认定的网页或其附件何时起读不出；请核对它是否仍在：认定即仍在，否定即已撤下"
        " | Since when an accepted page, or a file of it, cannot be read: accept says that it is"
        " still there, reject that it was taken down."
    )
    version: int


class Decision(Input):
    version: int = Field(
        ge=1, le=2**31 - 1, description="所见的匹配版本 | Of the match as it was looked at."
    )
