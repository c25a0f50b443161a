"""Exemptions as people and programs send and read them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.auditing.models import Verdict
from services.projects.duties.models import RulingKind
from services.projects.exemptions.models import ExemptionState
from shared.web.models import Input, View


class ExemptionRuling(StrEnum):
    """How an exemption is decided on."""

    GRANTED = "granted"
    REFUSED = "refused"


class ExemptionDecision(Input):
    """The decision on an exemption, by somebody who did not ask for it."""

    ruling: ExemptionRuling = Field(
        description="granted 同意，即作出所提的裁定；refused 不予同意，照常监察"
        " | granted: what was asked for is ruled; refused: in the ordinary course.",
        examples=["granted"],
    )
    reason: str = Field(
        min_length=2,
        max_length=500,
        description="决定的理由，公开主体可见 | Why; the unit reads it.",
        examples=["经核对，属于条例第十四条规定的国家秘密"],
    )
    version: int | None = Field(
        None, ge=1, description="所依据的版本，可不填 | The version you saw, if you like."
    )


class ExemptionWithdrawal(Input):
    """Why who asked for an exemption takes it back."""

    reason: str = Field(
        min_length=2,
        max_length=500,
        description="撤回的理由，公开主体可见 | Why; the unit reads it.",
        examples=["文件引用有误，另行提出"],
    )
    version: int | None = Field(
        None, ge=1, description="所依据的版本，可不填 | The version you saw, if you like."
    )


class ExemptionView(View):
    """An exemption, or another ruling of two persons, that was asked for, and what became of it."""

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
    kind: RulingKind = Field(
        description="提出的是哪种裁定：豁免、延长、中止或恢复"
        " | Which ruling is asked for: to exempt, to extend, to suspend or to restore."
    )
    state: ExemptionState
    verdict: Verdict = Field(description="现在的结论 | The verdict now.")
    document: str
    article: str = Field(
        description="条款；只有豁免必须有 | Its article; empty where none is named."
    )
    reason: str
    days: int | None = Field(description="要延长几日 | By how many days, of an extension.")
    asked_at: AwareDatetime
    asked_by: str = Field(description="提出人账号 | The account that asked for it.")
    due_on: date | None = Field(
        description="应于此日前决定（10个工作日）；放假通知未载入的为空"
        " | To be decided by then, 10 working days; null while a holiday notice is missing."
    )
    overdue: bool = Field(description="已过决定期限 | Not decided within the term.")
    decision: str | None = Field(description="决定或撤回的理由 | Why it was decided so.")
    decided_at: AwareDatetime | None
    decided_by: str | None
    withdrawn: bool = Field(description="由提出人撤回 | Taken back by who asked for it.")
    version: int
