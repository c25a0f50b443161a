"""The printable pages of a report: itself, and the duties behind a figure. No scripts."""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any, NamedTuple
from urllib.parse import urlencode

from services.projects.auditing.rules.judging import reason_text
from services.projects.reports.models import Report
from services.projects.reports.queries import ReportedDuty
from services.projects.reports.rules import because, period_charts, shares, summary
from services.projects.reports.rules.chart import SEGMENTS, chart_of
from services.projects.reports.rules.period_report import Group
from services.projects.reports.rules.report import VERDICTS
from services.projects.reports.rules.wording import (
    COMPARED_COLUMNS,
    DIMENSIONS,
    GROUP_COLUMNS,
    GROUP_NAMES,
    HEADINGS,
    LIGHTS,
    ROW_COLUMNS,
    VERDICT_NAMES,
    WORDS,
    WORST_COLUMNS,
)
from services.projects.reports.signing.queries import ReportStatus
from shared import clock
from shared.errors import Text
from shared.web.templates import templates_of

ROWS_A_PAGE = 200
GROUPS_SHOWN = 30
"""So many groups of a kind are printed, those with the most overdue and late first."""

_TEMPLATES = templates_of("projects")


def report_page(report: Report, content: Mapping[str, Any], status: ReportStatus) -> str:
    """The whole report as one HTML page without anything from outside."""
    lines = sorted(content["units"], key=_by_rank)
    names = {line["unit"]: line["name"] for line in lines}
    return _TEMPLATES.get_template("report.html").render(
        content,
        **_head(report, content, status),
        content=content,
        headings=HEADINGS,
        words=WORDS,
        lights=LIGHTS,
        segments=SEGMENTS,
        chart=chart_of(lines),
        lines=lines,
        names=names,
        summary=summary,
        shares=shares,
        verdicts=VERDICT_NAMES,
        worst_columns=WORST_COLUMNS,
        compared_columns=COMPARED_COLUMNS,
        worst_duties=content.get("worst", []),
        changes=list(summary.changes(content)) if content.get("last") else [],
        moved_lights=summary.moved_lights(content) if content.get("last") else [],
        bands=summary.bands(content.get("policy", {})),
        becauses={line["unit"]: because.of(line, content.get("policy", {})) for line in lines},
        of_period=_of_period(content) if content.get("period") else None,
    )


def _of_period(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the report of a period shows besides: its pictures, its groups."""
    return {
        "trend": period_charts.trend_of(content["trend"]),
        "used": period_charts.histogram_of(content["used_days"]["days"]),
        "dimensions": DIMENSIONS,
        "named": GROUP_NAMES,
        "columns": GROUP_COLUMNS,
        "most": GROUPS_SHOWN,
    }


def _head(report: Report, content: Mapping[str, Any], status: ReportStatus) -> dict[str, Any]:
    """What stands at the head of every page of a report."""
    return {
        "report_id": report.id,
        "sha256": report.sha256,
        "head_title": summary.title(content),
        "head_number": summary.number(content),
        "head_subject": summary.subject(content),
        "withdrawal": status.withdrawal,
        "withdrawn_on": status.withdrawal and clock.today(status.withdrawal.withdrawn_at),
        "signed_number": status.signature and summary.signed_number(status.signature),
    }


def _by_rank(line: Mapping[str, Any]) -> tuple[int, str]:
    return (line["rank"] or 10_000, line["unit"])


class Figure(NamedTuple):
    """A figure of a report that is opened: which duties, and which page of them."""

    content: Mapping[str, Any]
    unit: str | None
    column: str | None
    page: int
    group: Group = Group()
    counted: int | None = None
    """How many, where no line of the report says so by itself."""

    @property
    def offset(self) -> int:
        return (self.page - 1) * ROWS_A_PAGE

    @property
    def total(self) -> int:
        """How many duties the figure counts."""
        if self.counted is not None:
            return self.counted
        lines = [line for line in self.content["units"] if line["unit"] == self.unit]
        counted = lines[0] if lines else self.content["totals"]
        columns = VERDICTS if self.column is None else (self.column,)
        return sum(counted[column] for column in columns)

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / ROWS_A_PAGE))

    def link(self, page: int) -> str:
        """The query of another page of it."""
        given = {"unit": self.unit, "column": self.column, **self.group._asdict(), "page": page}
        return urlencode({name: value for name, value in given.items() if value is not None})


def _whose(figure: Figure, names: Mapping[str, str]) -> Iterator[str]:
    """The unit and the group that the figure is of."""
    yield names.get(figure.unit or "", "全部公开主体 all units")
    for dimension, code in figure.group._asdict().items():
        lines = figure.content["groups"][dimension] if code is not None else []
        for line in lines:
            if line["code"] == code:
                own = GROUP_NAMES.get((dimension, code))
                yield f"{DIMENSIONS[dimension].zh} {own.zh if own else line['name'] or code}"


def rows_page(
    report: Report,
    figure: Figure,
    rows: Iterable[ReportedDuty],
    status: ReportStatus,
) -> str:
    """The duties behind a figure as a page, with what each was judged by."""
    names = {line["unit"]: line["name"] for line in figure.content["units"]}
    column = figure.column
    return _TEMPLATES.get_template("rows.html").render(
        **_head(report, figure.content, status),
        as_of=figure.content["as_of"],
        whose=" · ".join(_whose(figure, names)),
        what=HEADINGS[column] if column else Text("全部", "all"),
        columns=ROW_COLUMNS,
        names=names,
        figure=figure,
        rows=rows,
        day=clock.today,
        summary=summary,
        verdicts=VERDICT_NAMES,
        reason_text=reason_text,
    )
