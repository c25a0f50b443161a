"""Audits, reports and their rows as the API gives them."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from services.projects.auditing.views import reason_view
from services.projects.reports.models import Audit, Report
from services.projects.reports.queries import ReportedDuty
from services.projects.reports.rows import ReportRow
from services.projects.reports.rules import because
from services.projects.reports.rules import report as reporting
from services.projects.reports.schemas import (
    AuditView,
    ProposedWithdrawal,
    ReportBody,
    ReportSummary,
    ReportView,
    Signature,
    Withdrawn,
)
from services.projects.reports.signing.queries import ReportStatus
from shared.security.identity import Caller
from shared.web.conditions import unless_known

_SUMMARY = ("id", "as_of", "period_kind", "from_on", "to_on", "frozen_at", "sha256")
_FROZEN = {"Cache-Control": "public, max-age=31536000, immutable"}


def audit_view(done: Audit) -> AuditView:
    """What an audit did, with the report it froze."""
    return AuditView.model_validate(done)


def frozen_headers(report: Report, language: str = "zh") -> dict[str, str]:
    """A frozen file never changes: whoever has it, in that language, need not ask again."""
    other = "" if language == "zh" else f"-{language}"
    return {**_FROZEN, "ETag": f'"{report.sha256}{other}"'}


def page(html: str, request: Request) -> Response:
    """A page says whether the report was withdrawn, so it is asked for anew each time."""
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:20]}"'
    headers = {"Cache-Control": "public, no-cache", "ETag": tag}
    whole = Response(html, media_type="text/html; charset=utf-8", headers=headers)
    return unless_known(whole, request.headers.get("if-none-match"))


def summary_view(report: Report, status: ReportStatus) -> ReportSummary:
    """A report in a list, and whether it was withdrawn or signed."""
    withdrawn = status.withdrawal and Withdrawn.model_validate(status.withdrawal)
    signed = status.signature and Signature.model_validate(status.signature)
    columns = {name: getattr(report, name) for name in _SUMMARY}
    proposed = _proposed(status)
    return ReportSummary(
        **columns, withdrawn=withdrawn, signed=signed, withdrawal_proposed=proposed
    )


def _proposed(status: ReportStatus, *, with_reason: bool = False) -> ProposedWithdrawal | None:
    proposal = status.proposal
    if proposal is None or status.withdrawal is not None:
        return None
    reason = proposal.reason if with_reason else None
    return ProposedWithdrawal(proposed_at=proposal.at, reason=reason)


def report_view(report: Report, status: ReportStatus, by: Caller | None) -> ReportView:
    """A frozen report with its content; why one would withdraw it is for who confirms that."""
    summary = dict(summary_view(report, status))
    if by is not None and by.has("auditor"):
        summary["withdrawal_proposed"] = _proposed(status, with_reason=True)
    content = reporting.read_bytes(report.body)
    units = [{**line, **_becauses(line, content.get("policy", {}))} for line in content["units"]]
    return ReportView(**summary, report=ReportBody.model_validate({**content, "units": units}))


def _becauses(line: Mapping[str, Any], policy: Mapping[str, float]) -> dict[str, Any]:
    """What the frozen bytes leave to be read from the policy beside them."""
    words = because.of(line, policy)
    return {f"{name}_because": text and text._asdict() for name, text in words._asdict().items()}


def row_view(row: ReportedDuty) -> ReportRow:
    """A duty behind a figure, with its reason in words."""
    same = ReportRow.model_fields.keys() - {"reason"}
    return ReportRow(
        **{name: value for name, value in row._asdict().items() if name in same},
        reason=reason_view(row.reason),
    )
