"""Audits, reports and their rows as the API gives them."""

from services.projects.auditing.models import Audit, Reason, Report
from services.projects.auditing.queries import ReportedDuty
from services.projects.auditing.rules import report as reporting
from services.projects.auditing.rules.judging import reason_text
from services.projects.auditing.schemas import (
    AuditView,
    ReasonView,
    ReportBody,
    ReportRow,
    ReportSummary,
    ReportView,
)

_FROZEN = {"Cache-Control": "public, max-age=31536000, immutable"}


def audit_view(done: Audit) -> AuditView:
    """What an audit did, with the report it froze."""
    return AuditView(**done.model_dump(exclude={"report_id"}), report=done.report_id)


def frozen_headers(report: Report) -> dict[str, str]:
    """A frozen report never changes: whoever has it need not ask again."""
    return {**_FROZEN, "ETag": f'"{report.sha256}"'}


def report_view(report: Report) -> ReportView:
    """A frozen report with its content."""
    summary = ReportSummary.model_validate(report).model_dump()
    content = reporting.read_bytes(report.body)
    return ReportView(**summary, report=ReportBody.model_validate(content))


def reason_view(reason: str) -> ReasonView:
    """The reason in both languages."""
    text = reason_text(reason)
    return ReasonView(code=Reason(reason), zh=text.zh, en=text.en)


def row_view(row: ReportedDuty) -> ReportRow:
    """A duty behind a figure, with its reason in words."""
    same = ReportRow.model_fields.keys() - {"unit", "project", "reason"}
    return ReportRow(
        **{name: value for name, value in row._asdict().items() if name in same},
        unit=row.unit_code,
        project=row.project_code,
        reason=reason_view(row.reason),
    )
