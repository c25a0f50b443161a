"""What audits take, and reports as people and programs read them."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.reports.models import PeriodKind
from services.projects.reports.periods.schemas import (
    DaysUsed,
    GroupLine,
    PeriodFigures,
    ReportPeriod,
)
from shared.web.models import Input, View, Words, named, old_name_of


class AuditOrder(Input):
    """Which day to audit; without it, today. With a period, what fell due in it, as of that day."""

    as_of: date | None = Field(
        None,
        ge=date(2004, 1, 1),
        description="监察日期，默认今天；过去的日期按事情发生的时间判定，事后才得知的另行注明"
        " | Today by default; a past day is judged by when things happened, and what was known"
        " only later says so.",
    )
    month: str | None = Field(
        None,
        pattern=r"^20\d{2}-(0[1-9]|1[0-2])$",
        description="只报这个月到期的义务；月、季、年、起始日期只选一种"
        " | Of this month: what fell due in it. One of month, quarter, year and since.",
        examples=["2026-09"],
    )
    quarter: str | None = Field(
        None,
        pattern=r"^20\d{2}-Q[1-4]$",
        description="只报这一季度到期的义务 | Of this quarter: what fell due in it.",
        examples=["2026-Q3"],
    )
    year: int | None = Field(
        None,
        ge=2004,
        le=2099,
        description="只报这一年到期的义务 | Of this year: what fell due in it.",
        examples=[2026],
    )
    since: date | None = Field(
        None,
        ge=date(2004, 1, 1),
        le=date(2099, 12, 31),
        description="只报自这一天到监察日期到期的义务"
        " | What fell due from this day to that of the audit.",
        examples=["2026-07-01"],
    )


class AuditView(View):
    """A run of the audit and the report it froze."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    as_of: date
    judged: int = Field(description="受监察的义务数 | Duties that were judged.")
    changed: int = Field(description="结论有变化的义务数 | Duties whose verdict moved.")
    report_id: UUID
    started_at: AwareDatetime

    @old_name_of("report_id")
    def report(self) -> UUID:
        return self.report_id


class Column(StrEnum):
    """A column of the report that opens to its duties."""

    ON_TIME = "on_time"
    LATE = "late"
    OVERDUE = "overdue"
    EARLY = "early"
    INCOMPLETE = "incomplete"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    DUE_SOON = "due_soon"
    PENDING = "pending"
    OUTSIDE = "outside"


class UnitLine(View):
    """One unit's line of the report."""

    unit_code: str = Field(validation_alias=named("unit_code", formerly="unit"))
    name: str
    name_en: str
    due: int
    on_time: int
    late: int
    overdue: int
    early: int
    incomplete: int
    withdrawn: int
    unknown: int
    due_soon: int
    pending: int
    outside: int
    known: int | None = Field(
        None, description="已到期且结论已知 | Those due whose verdict is known; so are all below."
    )
    rate: float | None = Field(
        description="按时率 = 按时 ÷ 结论已知；提前、要素不全、已撤下都不算按时"
        " | On time / known; early, incomplete and withdrawn are not on time."
    )
    coverage: float | None = Field(None, description="覆盖率 = 结论已知 ÷ 应公开 | Known / due.")
    interval: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        None, description="按时率的95%威尔逊区间 | The Wilson interval of the rate at 95 %."
    )
    n: int | None = Field(None, description="按时率的分母 | What the rate is counted in.")
    min_n: int | None = Field(
        None,
        description="少于此数不排名、不亮灯 | With fewer known there is no place and no light.",
    )
    score: float | None
    rank: int | None = Field(
        description="按“按时 ÷ 应公开”的区间下限排，不明的不算按时"
        " | By the lower end of the interval of on time / due: unknown is not on time there."
    )
    light: str
    light_because: Words | None = Field(
        None, description="灯由哪条规则得出 | Which rule gives the light, in words."
    )
    rank_because: Words | None = Field(
        None, description="排名由哪条规则得出 | Which rule gives the place, in words."
    )
    in_dispute: int = Field(
        0,
        description="异议处理中的结论数；决定前结论不变"
        " | Findings about which a dispute was open; they stand until it is decided.",
    )

    merit_score: float | None = Field(None, description="得分制的得分 | Points by merit.")
    peer_group: str | None = Field(None, description="排名分组，不在组内的为空 | Its peers.")
    peer_rank: int | None = Field(None, description="组内名次 | Its place among its peers.")
    undated: int | None = Field(
        None,
        description="没有到期日、不属任何一期的义务数，只在各期报表里"
        " | Duties without a last day, which fall in no period; in reports of periods.",
    )
    before: dict[str, Any] | None = Field(
        None, description="上一期的同样数字，按同一天的结论 | The same of the period before."
    )

    @old_name_of("unit_code")
    def unit(self) -> str:
        return self.unit_code


class Withdrawn(View):
    """That a report no longer counts, and why."""

    model_config = ConfigDict(from_attributes=True)

    reason: str
    withdrawn_at: AwareDatetime


class ProposedWithdrawal(View):
    """That one person would withdraw a signed report; it counts until another has done so too."""

    proposed_at: AwareDatetime = Field(description="何时提议撤回 | When that was proposed.")
    reason: str | None = Field(
        None, description="理由，只有监察人员看到 | Why; shown to auditors alone."
    )


class Signature(View):
    """That another person than who made a report signed it."""

    model_config = ConfigDict(from_attributes=True)

    year: int
    serial: int = Field(description="签发号，一年一序 | Its number; one series a year.")
    signed_at: AwareDatetime


class WithdrawalOrder(Input):
    """Why a report is taken back; everybody reads it."""

    reason: str = Field(
        min_length=2,
        max_length=500,
        description="撤回的理由，向社会公开 | The reason, for everybody to read.",
        examples=["采集器漏读了一个栏目，另出报表"],
    )


class ReportBody(View):
    """The frozen unit report."""

    as_of: date
    known_at: AwareDatetime | None = Field(
        None,
        description="过去日期的报表所依据的事实，最晚何时得知；当时都已得知的为空"
        " | When the last of what a past day is judged by came to be known; null: all by that day.",
    )
    title: dict[str, Any] | None = Field(
        None, description="城市、领域、期间和编号 | City, fields, period and number."
    )
    worst: list[dict[str, Any]] = Field(
        default_factory=list, description="逾期最久的义务 | The duties that are over for longest."
    )
    last: dict[str, Any] | None = Field(
        None, description="上一份报表的合计和灯 | Totals and lights of the report before."
    )
    period: ReportPeriod | None = Field(
        None, description="各期报表的期间 | The period; null for the report of a day."
    )
    undated: int | None = Field(
        None, description="没有到期日、不属任何一期的义务数 | Duties that fall in no period."
    )
    trend: list[PeriodFigures] | None = Field(
        None,
        description="近几期的数字，最早的在前，都按同一天的结论"
        " | The last periods, the earliest first, all judged as of the same day.",
    )
    groups: dict[str, list[GroupLine]] | None = Field(
        None,
        description="按项目、事项、阶段、地区、可信度 | By each of these kinds of group.",
    )
    used_days: DaysUsed | None = Field(
        None, description="从形成到公开用了几个工作日 | Working days used until publication."
    )
    merit_policy: dict[str, dict[str, float]] | None = Field(
        None, description="得分制的口径 | What points by merit go by."
    )
    units: list[UnitLine]
    totals: dict[str, Any]
    policy: dict[str, float] = Field(
        default_factory=dict,
        description="排名和灯的口径 | What places and lights go by.",
    )
    versions: dict[str, int]
    evidence_root: str


class ReportSummary(View):
    """A frozen report in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    as_of: date
    period_kind: PeriodKind = Field(
        description="day 为某一天的报表，其余为各期报表 | `day` for the report of a day."
    )
    from_on: date | None = Field(description="期间的第一天 | The first day of its period.")
    to_on: date | None = Field(description="期间的最后一天 | The last day of its period.")
    frozen_at: AwareDatetime
    sha256: str
    withdrawn: Withdrawn | None = Field(
        None, description="已撤回的，注明理由 | Set if it was withdrawn, with the reason."
    )
    signed: Signature | None = Field(
        None, description="已由他人签发的 | Set once another person has signed it."
    )
    withdrawal_proposed: ProposedWithdrawal | None = Field(
        None,
        description="已签发、有人提议撤回、待另一人确认的；此前仍然作数"
        " | Set where it is signed and one proposed to withdraw it; it counts until another person"
        " confirms that.",
    )


class ReportView(ReportSummary):
    """A frozen report with its content; `.json`, `.csv` and `.html` give it as a file."""

    report: ReportBody
