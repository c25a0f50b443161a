"""The printable pages of a report: itself, and the duties behind a figure. No scripts."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.projects.auditing.queries import ReportedDuty
from services.projects.auditing.rules.chart import SEGMENTS, chart_of
from services.projects.auditing.rules.judging import reason_text
from services.projects.auditing.rules.wording import (
    HEADINGS,
    LIGHTS,
    ROW_COLUMNS,
    TITLE,
    VERDICT_NAMES,
    WORDS,
)
from shared.errors import Text
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")


def report_page(report_id: UUID, sha256: str, content: Mapping[str, Any]) -> str:
    """The whole report as one HTML page without anything from outside."""
    lines = sorted(content["units"], key=_by_rank)
    return _TEMPLATES.get_template("report.html").render(
        content,
        report_id=report_id,
        sha256=sha256,
        title=TITLE,
        headings=HEADINGS,
        words=WORDS,
        lights=LIGHTS,
        segments=SEGMENTS,
        chart=chart_of(lines),
        lines=lines,
    )


def _by_rank(line: Mapping[str, Any]) -> tuple[int, str]:
    return (line["rank"] or 10_000, line["unit"])


def rows_page(
    report_id: UUID,
    content: Mapping[str, Any],
    rows: Iterable[ReportedDuty],
    *,
    unit: str | None,
    column: str | None,
) -> str:
    """The duties behind a figure as a page, with the address where each was seen."""
    names = {line["unit"]: line["name"] for line in content["units"]}
    return _TEMPLATES.get_template("rows.html").render(
        report_id=report_id,
        as_of=content["as_of"],
        title=TITLE,
        whose=names.get(unit or "", "全部公开主体 all units"),
        what=HEADINGS[column] if column else Text("全部", "all"),
        columns=ROW_COLUMNS,
        names=names,
        rows=rows,
        verdicts=VERDICT_NAMES,
        reason_text=reason_text,
    )
