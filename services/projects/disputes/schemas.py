"""Disputes as people and programs send and read them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.auditing.models import Verdict
from services.projects.disputes.models import DisputeState
from shared.web.models import Input, View, old_name_of


class DisputeRuling(StrEnum):
    """How a dispute is decided."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class DisputeDecision(Input):
    """The decision on a dispute, by somebody who did not open it."""

    ruling: DisputeRuling = Field(
        description="upheld 异议成立，原结论不再作数；rejected 异议不成立，维持原结论"
        " | upheld: the finding no longer counts; rejected: the finding stands.",
        examples=["rejected"],
    )
    reason: str = Field(
        min_length=2,
        max_length=500,
        description="决定的理由，公开主体可见 | Why; the unit reads it.",
        examples=["网页于期限届满后第五个工作日首次出现，有存证"],
    )
    version: int | None = Field(
        None, ge=1, description="所依据的版本，可不填 | The version you saw, if you like."
    )


class DisputeView(View):
    """A dispute and what became of it."""

    id: UUID
    duty_id: UUID
    unit_code: str
    project_code: str | None = Field(
        description="项目代码；不属于项目的为空 | The project; null where it is about none."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    state: DisputeState
    disputed_verdict: Verdict = Field(
        description="提出异议时的结论 | The verdict when it was opened."
    )
    verdict: Verdict = Field(description="现在的结论 | The verdict now.")
    document: str
    reason: str
    opened_at: AwareDatetime
    opened_by: str = Field(description="提出人账号 | The account that opened it.")
    due_on: date | None = Field(
        description="应于此日前决定（10个工作日）；放假通知未载入的为空"
        " | To be decided by then, 10 working days; null while a holiday notice is missing."
    )
    overdue: bool = Field(description="已过决定期限 | Not decided within the term.")
    decision: str | None = Field(description="决定的理由 | Why it was decided so.")
    decided_at: AwareDatetime | None
    decided_by: str | None
    version: int

    @old_name_of("duty_id")
    def duty(self) -> UUID:
        return self.duty_id

    @old_name_of("unit_code")
    def unit(self) -> str:
        return self.unit_code

    @old_name_of("project_code")
    def project(self) -> str | None:
        return self.project_code
