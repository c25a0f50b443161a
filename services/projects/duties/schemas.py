"""Trigger events and duties as people and programs send and read them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.auditing.models import Reason, Verdict
from services.projects.auditing.schemas import ReasonView
from services.projects.calendar.models import RuleKind
from services.projects.calendar.schemas import DayView
from services.projects.duties.models import (
    ClaimKind,
    FactKind,
    Hold,
    RulingKind,
    TriggerKind,
)
from services.projects.register.models import PROJECT_CODE, UNIT_CODE
from services.projects.register.schemas import ListView, ProjectView
from shared.web.models import Input, View, named, old_name_of

ItemCode = Annotated[str, Field(pattern=r"^[A-Z]{2,3}-\d{2}(-\d{2})?$", examples=["MP-02-01"])]
ProjectCode = Annotated[str, Field(pattern=PROJECT_CODE, examples=["2408-359900-47-03-837832"])]
UnitCode = Annotated[str, Field(pattern=UNIT_CODE, examples=["D01"])]


class TriggerOrder(Input):
    """Information was formed, changed or decided; `on` null: the day is not known."""

    project_code: ProjectCode = Field(validation_alias=named("project_code", formerly="project"))
    item_code: ItemCode
    unit_code: UnitCode = Field(validation_alias=named("unit_code", formerly="unit"))
    kind: TriggerKind
    on: date | None = Field(description="形成、变更或决定的日期 | The day it happened.")
    doc_no: str | None = Field(None, min_length=1, max_length=100, description="文号 | Number.")


class Published(View):
    """The evidence of publication: a claim with its trust, and our own bracket round it."""

    claimed_at: AwareDatetime | None
    first_seen_at: AwareDatetime | None
    last_absent_at: AwareDatetime | None
    trust: int = Field(ge=0, le=5)
    url: str | None


class ClockRuleView(View):
    """The clock that runs."""

    kind: RuleKind
    n: int | None
    version: int


class OpenDispute(View):
    """A dispute that waits for its decision; the verdict stands meanwhile."""

    id: UUID
    zh: str = Field(description="给人看的标记 | The mark in Chinese.", examples=["异议处理中"])
    en: str = Field(description="英文标记 | The mark in English.", examples=["dispute open"])
    opened_at: AwareDatetime
    due_on: date | None = Field(
        description="应于此日前决定 | To be decided by then; null while a notice is missing."
    )


class DutyView(View):
    """A duty to publish and how it stands."""

    id: UUID
    project_code: str
    unit_code: str
    item_code: str
    formed_on: date | None
    due_on: date | None
    verdict: Verdict
    over_by: int | None
    published: Published
    reasons: list[ReasonView]
    dispute: OpenDispute | None = Field(
        description="处理中的异议；没有则为空 | The open dispute, if there is one."
    )
    rule: ClockRuleView
    calendar_version: int
    version: int

    @old_name_of("project_code")
    def project(self) -> str:
        return self.project_code

    @old_name_of("unit_code")
    def unit(self) -> str:
        return self.unit_code


class LifeItem(View):
    """One thing to publish in the life of a project, for everyone to read."""

    duty_id: UUID
    category: str
    item_code: str
    item_name: str
    unit_code: str
    unit_name: str
    unit_name_en: str
    formed_on: date | None
    due_on: date | None
    verdict: Verdict
    light: str = Field(description="绿黄红灰 | green, yellow, red or grey.")
    in_dispute: bool = Field(description="异议处理中 | A dispute about it is open.")
    first_seen_at: AwareDatetime | None
    url: str | None

    @old_name_of("duty_id")
    def duty(self) -> UUID:
        return self.duty_id

    @old_name_of("unit_code")
    def unit(self) -> str:
        return self.unit_code


class ProjectLife(View):
    """A project's whole life line: what is published and what is due."""

    project: ProjectView
    lists: list[ListView]
    published: int
    due: int = Field(description="应公开而未见公开的 | Due and not seen online.")
    ahead: int = Field(description="期限未到的 | Not yet due.")
    items: list[LifeItem]
    next_cursor: str | None = Field(
        description="还有更多事项时，取下一页的标记；没有则为空 | Where there are more; else null."
    )


class DutiesMade(View):
    """The duties that a trigger event made."""

    event: UUID
    duties: list[DutyView]


class VerdictMove(View):
    """A move in the history of a duty's verdict."""

    model_config = ConfigDict(from_attributes=True)

    from_verdict: Verdict | None
    to_verdict: Verdict
    reason: Reason
    over_by: int | None
    as_of: date
    rule_version: int
    calendar_version: int
    judged_at: AwareDatetime


class FactView(View):
    """One observation."""

    model_config = ConfigDict(from_attributes=True)

    kind: FactKind
    observed_at: AwareDatetime
    last_absent_at: AwareDatetime | None
    url: str
    claim_kind: ClaimKind
    claimed_at: AwareDatetime | None
    cms_at: AwareDatetime | None
    header_at: AwareDatetime | None
    missing_elements: list[str]
    evidence_id: UUID | None
    sha256: str
    absence_set_aside: bool = Field(
        default=False,
        description="“此前未公开”当时只由一次核查认定，不再作数 | Whether its absence before counts"
        " no more, because one walk alone had proven it.",
    )


class RulingView(View):
    """A ruling with its document."""

    model_config = ConfigDict(from_attributes=True)

    kind: RulingKind
    document: str
    article: str | None
    reason: str
    days: int | None
    ruled_at: AwareDatetime


class ShortVerdict(View):
    """How the duty would stand under the 7 working days of licences, while its class is open."""

    n: int
    due_on: date | None
    verdict: Verdict
    over_by: int | None


class DutyDetail(DutyView):
    """A duty with all that led to its verdict."""

    project_name: str
    unit_name: str
    item_name: str
    legal_basis: list[str]
    kind: TriggerKind
    doc_no: str | None
    hold: Hold
    extended_by: int
    if_licence: ShortVerdict | None
    facts: list[FactView]
    rulings: list[RulingView]
    history: list[VerdictMove]


class DutyClock(View):
    """The duty's clock with the table of days."""

    formed_on: date | None
    due_on: date | None
    rule: ClockRuleView
    extended_by: int
    verdict: Verdict | None = None
    days: list[DayView] | None


class Ruling(Input):
    """A ruling on a duty: the document that carries it, and the version that it was made on."""

    document: str = Field(min_length=2, max_length=200, description="文件名或文号 | Document.")
    reason: str = Field(min_length=2, max_length=500)
    version: int = Field(ge=1, description="所依据的版本 | The version you saw.")


class Exemption(Ruling):
    """An exemption, with the article that allows it (政府信息公开条例 art. 14 to 16)."""

    article: str = Field(min_length=2, max_length=200, description="法律依据 | Article.")


class Extension(Ruling):
    """An extension by a number of days of the duty's clock."""

    days: int = Field(ge=1, le=60)
