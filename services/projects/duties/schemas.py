"""Trigger events and duties as people and programs send and read them."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.auditing.models import Verdict
from services.projects.auditing.schemas import ReasonView
from services.projects.calendar.models import RuleKind
from services.projects.calendar.schemas import DayView
from services.projects.catalogue.schemas import ItemCode
from services.projects.duties.models import (
    Hold,
    TriggerKind,
)
from services.projects.duties.record_schemas import (
    AskedExemption,
    AskedRuling,
    Coverage,
    DutyRectification,
    FactView,
    RulingView,
    ShortVerdict,
    VerdictMove,
)
from services.projects.register.schemas import ListView, ProjectCode, ProjectView, UnitCode
from shared.web.models import Input, View, Words, named, old_name_of


class TriggerOrder(Input):
    """Information was formed, changed or decided; `on` null: the day is not known.

    It is about a project, or about a subject that is none.
    """

    project_code: ProjectCode | None = Field(
        None, validation_alias=named("project_code", formerly="project")
    )
    subject: str | None = Field(
        None,
        min_length=2,
        max_length=200,
        description="不属于项目的，写明是什么，如“2026年部门预算”或文件名；项目的某一期也写在这里"
        " | What it is about where it is no project, such as a year's budget or a document; or"
        " which period of a project.",
        examples=["2026年部门预算"],
    )
    item_code: ItemCode
    unit_code: UnitCode = Field(validation_alias=named("unit_code", formerly="unit"))
    kind: TriggerKind
    on: date | None = Field(description="形成、变更或决定的日期 | The day it happened.")
    doc_no: str | None = Field(None, min_length=1, max_length=100, description="文号 | Number.")
    with_duty_id: UUID | None = Field(
        None,
        description="须随同公开的另一项公开义务：那一项何时公开，期限就从何时起算，如解读随政策"
        " | The duty with which it goes: its clock begins on the day that one is published, as an"
        " interpretation with its policy.",
    )


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
    words: Words = Field(description="期限的文字表述 | The clock in words.")


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
    project_code: str | None = Field(
        description="项目代码；不属于项目的为空 | The project; null where it is about none."
    )
    subject: str | None = Field(
        None,
        description="项目以外的公开对象，如年度、文件 | What it is about besides a project.",
    )
    unit_code: str
    item_code: str
    formed_on: date | None
    due_on: date | None
    keep_until: date | None = Field(
        None,
        description="公开后须保留至此日；无此要求或尚未公开的为空 | Until when what was published"
        " must stay; null where nothing asks for it, or nothing was published.",
    )
    verdict: Verdict
    over_by: int | None
    by_days: bool = Field(
        description="超期按自然日计，否则按工作日计"
        " | Whether it is over by plain days, else by working days."
    )
    published: Published
    reasons: list[ReasonView]
    dispute: OpenDispute | None = Field(
        description="处理中的异议；没有则为空 | The open dispute, if there is one."
    )
    in_rectification: bool = Field(description="整改中 | An order to put it right is open.")
    rectified: bool = Field(
        description="逾期等问题经复核已整改，结论不变"
        " | Put right with proof after an order; its verdict stays as it is."
    )
    rule: ClockRuleView
    calendar_version: int
    version: int

    @old_name_of("project_code")
    def project(self) -> str | None:
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
    in_rectification: bool = Field(description="整改中 | An order to put it right is open.")
    rectified: bool = Field(
        description="经复核已整改，结论不变 | Put right with proof; its verdict stays as it is."
    )
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
    exemption: AskedExemption | None = Field(
        description="待另一人决定的豁免；没有则为空 | What was asked for and waits for another."
    )
    asked_ruling: AskedRuling | None = Field(
        description="待另一人决定的裁定，含豁免；没有则为空"
        " | The ruling that was asked for, an exemption too, and waits for another."
    )
    rectifications: list[DutyRectification]
    history: list[VerdictMove]
    coverage: Coverage = Field(
        description="公开载体的覆盖面 | How many of the carriers it must appear on it has reached."
    )


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
