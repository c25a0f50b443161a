"""What a report of a period says besides that of a day: its days, its trend, its groups."""

from datetime import date

from pydantic import Field

from services.projects.reports.models import PeriodKind
from shared.web.models import View


class ReportPeriod(View):
    """Which duties a report of a period counts: those whose last day was one of these."""

    kind: PeriodKind
    from_on: date
    to_on: date


class PeriodFigures(ReportPeriod):
    """How a period stood, judged as of the same day as the report."""

    due: int
    known: int
    on_time: int
    late: int
    overdue: int
    unknown: int
    rate: float | None
    coverage: float | None
    interval: list[float] | None


class GroupLine(View):
    """The duties of one project, item, phase, region or level of trust."""

    code: str = Field(
        description="没有项目、阶段或可信度的为空 | Empty for those without one of the kind."
    )
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
    known: int
    rate: float | None
    coverage: float | None
    interval: list[float] | None
    n: int
    min_n: int


class DaysUsed(View):
    """After how many working days what was published was published; 0 is the first day."""

    n: int = Field(description="共几项，只计按工作日计时的 | Of how many, on working-day clocks.")
    median: int | None
    p90: int | None = Field(description="九成在几个工作日内公开 | Within which 90 % were.")
    days: list[list[int]] = Field(
        description="每个工作日各公开了几项 | How many on each working day."
    )
