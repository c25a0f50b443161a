"""Exemptions as people and programs send and read them."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.auditing.models import Verdict
from services.projects.exemptions.models import ExemptionState
from shared.web.models import Input, View


class ExemptionRuling(StrEnum):
    """How an exemption is decided on."""

    GRANTED = "granted"
    REFUSED = "refused"


class ExemptionDecision(Input):
    """The decision on an exemption, by somebody who did not ask for it."""

    ruling: ExemptionRuling = Field(
        description="granted 同意豁免，不计入考核；refused 不予豁免，照常监察"
        " | granted: outside scores from now on; refused: in the ordinary course.",
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


class ExemptionView(View):
    """An exemption that was asked for, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    duty_id: UUID
    unit_code: str
    project_code: str | None
    item_code: str
    state: ExemptionState
    verdict: Verdict = Field(description="现在的结论 | The verdict now.")
    document: str
    article: str
    reason: str
    asked_at: AwareDatetime
    asked_by: str = Field(description="提出人账号 | The account that asked for it.")
    decision: str | None = Field(description="决定的理由 | Why it was decided so.")
    decided_at: AwareDatetime | None
    decided_by: str | None
    version: int
