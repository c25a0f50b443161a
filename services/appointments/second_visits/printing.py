"""The report as a page to print and to sign: plain HTML, no scripts, nothing from elsewhere."""

from datetime import date, datetime

from services.appointments.second_visits.models import ReportState
from services.appointments.second_visits.schemas import SecondVisitReportView
from services.appointments.second_visits.workflow import WORKFLOW
from shared.clock import moment_text
from shared.web.templates import templates_of

_TEMPLATES = templates_of("appointments")


def html(report: SecondVisitReportView) -> str:
    """The whole page, Chinese first, English below."""
    content = report.content
    return _TEMPLATES.get_template("second_visits.html").render(
        report=report,
        content=content,
        state=WORKFLOW.states[report.state],
        is_draft=report.state is ReportState.DRAFT,
        is_withdrawn=report.state is ReportState.WITHDRAWN,
        period=f"{_day(content.from_on)}至{_day(content.to_on)}",
        period_en=f"{content.from_on} to {content.to_on}",
        percent=_percent,
        moment=_moment,
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(at: datetime | None) -> str:
    return moment_text(at) if at else ""


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.1f}%"
