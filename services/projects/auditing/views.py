"""Audits, reports and their rows as the API gives them."""

from services.projects.auditing import service
from services.projects.auditing.models import Audit, Report
from services.projects.auditing.rules.judging import reason_text
from services.projects.auditing.schemas import AuditView, ReasonView, ReportRow

_FROZEN = {"Cache-Control": "public, max-age=31536000, immutable"}


def audit_view(done: Audit) -> AuditView:
    """What an audit did, with the report it froze."""
    return AuditView(**done.model_dump(exclude={"report_id"}), report=done.report_id)


def frozen_headers(report: Report) -> dict[str, str]:
    """A frozen report never changes: whoever has it need not ask again."""
    return {**_FROZEN, "ETag": f'"{report.sha256}"'}


def row_view(row: service.Row) -> ReportRow:
    """A duty behind a figure, with its reason in words."""
    same = ReportRow.model_fields.keys() - {"unit", "project", "reason"}
    said = reason_text(row["reason"])
    return ReportRow(
        **{name: row[name] for name in same},
        unit=row["unit_code"],
        project=row["project_code"],
        reason=ReasonView(code=row["reason"], zh=said.zh, en=said.en),
    )
