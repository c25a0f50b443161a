"""What the audit takes and shows."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.auditing.models import Reason, Verdict
from shared.web.models import Input, View


class AuditOrder(Input):
    """Which day to audit; without it, today."""

    as_of: date | None = Field(
        None,
        ge=date(2004, 1, 1),
        description="监察日期，默认今天；过去的日期按当时的结论出报表"
        " | Today by default; a past day is reported as it was judged then.",
    )


class ReasonView(View):
    """Why, in both languages."""

    code: Reason
    zh: str
    en: str


class AuditView(View):
    """A run of the audit and the report it froze."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    as_of: date
    judged: int = Field(description="受监察的义务数 | Duties that were judged.")
    changed: int = Field(description="结论有变化的义务数 | Duties whose verdict moved.")
    report: UUID
    started_at: AwareDatetime


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

    unit: str
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
    rate: float | None
    score: float | None
    rank: int | None
    light: str


class ReportBody(View):
    """The frozen unit report."""

    as_of: date
    units: list[UnitLine]
    totals: dict[str, Any]
    versions: dict[str, int]
    evidence_root: str


class ReportSummary(View):
    """A frozen report in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    as_of: date
    frozen_at: AwareDatetime
    sha256: str


class ReportView(ReportSummary):
    """A frozen report with its content; `.json`, `.csv` and `.html` give it as a file."""

    report: ReportBody


class ReportRow(View):
    """A duty behind a figure of a report, as it stood then."""

    duty_id: UUID
    unit: str
    project: str
    project_name: str
    item_code: str
    item_name: str
    formed_on: date | None
    verdict: Verdict
    over_by: int | None
    url: str | None
    reason: ReasonView
