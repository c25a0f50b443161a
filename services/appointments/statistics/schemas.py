"""Figures of a hall over some days."""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.web.models import View, old_name_of


class Grouping(StrEnum):
    """What a line of the figures stands for."""

    HALL = "hall"
    WINDOW = "window"
    ITEM = "item"
    CLERK = "clerk"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    AGENCY = "agency"


class WideGrouping(StrEnum):
    """What a line over several halls stands for; `area`: what lies right under the asked area."""

    HALL = "hall"
    AREA = "area"
    ITEM = "item"
    AGENCY = "agency"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


Format = Literal["json", "csv", "xlsx"]


class Figures(View):
    """One line; null where nothing was there to measure, never a made-up 0."""

    key: str | None = Field(
        description="大厅、区划、窗口号、事项、部门、人员、小时、日期或月份；不归任何区划的为空"
        " | What the line is about; null: halls that stand under no area."
    )
    name: str | None = Field(
        None,
        description="大厅、区划、事项或部门的名称"
        " | The name, where a line is about a hall, an area, an item or an agency.",
    )
    account: str | None = Field(
        None, description="按人员汇总时的账户 | The account, where a line is about a person."
    )
    issued: int = Field(description="取号数 | How many took a ticket")
    called: int = Field(
        description="叫到的人数：同一天叫几次、转办几次都只计一次 | People who were called, each "
        "once a day, however often it was and however often they were sent on."
    )
    served: int = Field(description="办结数 | How many were served")
    done: int
    needs_more: int
    rejected: int
    missed: int = Field(description="过号数 | How many did not come when called")
    abandoned: int = Field(description="放弃数 | How many gave up")
    parked: int
    transferred: int
    unfinished: int = Field(
        description="日终未了结数 | Left behind at the end of the hall's day: not done, not missed."
    )
    wait_p50_minutes: float | None = Field(
        description="等候：从取号（预约从开始时间）或转办起，到首次叫号 | From the ticket (a "
        "booked one: from its time) or the transfer to the first call; service is no waiting."
    )
    wait_p90_minutes: float | None
    wait_longest_minutes: float | None
    service_p50_minutes: float | None
    service_p90_minutes: float | None
    service_mean_minutes: float | None
    one_visit_rate: float | None = Field(
        description="一次办结率 | Done in one visit, of all that were finished."
    )
    ticket_rows: str | None = Field(
        None,
        description="查看本行号票明细的地址；加 figure 只看一项 | Where the log behind the line is;"
        " `figure` picks one figure.",
        examples=["/api/v1/halls/H001/statistics/tickets?from=2026-12-01&to=2026-12-01"],
    )

    @classmethod
    def of_nothing(cls) -> "Figures":
        """The total of days on which nothing happened."""
        return cls(**{name: 0 if of.annotation is int else None
                      for name, of in cls.model_fields.items()})  # fmt: skip


class EstimateQuality(View):
    """What was predicted when the tickets were taken, against what came."""

    count: int
    mean_error_minutes: float | None = Field(
        description="预估（P50）与实际平均相差的分钟数 | |P50 - actual|, on average."
    )
    covered_rate: float | None = Field(
        description="等候没有超过 P85 的比例 | How often the wait stayed within P85."
    )

    @classmethod
    def of_nothing(cls) -> "EstimateQuality":
        """Nobody was called who had an estimate."""
        return cls(count=0, mean_error_minutes=None, covered_rate=None)


class AccuracyLine(EstimateQuality):
    """The same of one hall, hour, item, agency, day or month."""

    key: str | None = Field(description="本行所指 | What the line is about.")
    name: str | None = Field(
        None,
        description="大厅、区划、事项或部门的名称"
        " | The name, where a line is about a hall, an area, an item or an agency.",
    )


class AccuracyView(View):
    """How good estimates were; only of those who were called in the end: what others would have
    waited nobody knows."""

    from_on: date
    to_on: date
    by: WideGrouping
    items: list[AccuracyLine]
    total: EstimateQuality


class WideStatisticsView(View):
    """The figures of several halls, each counted by its own time."""

    from_on: date
    to_on: date
    by: WideGrouping
    items: list[Figures]
    total: Figures
    estimates: EstimateQuality


class StatisticsView(View):
    hall_code: str
    from_on: date
    to_on: date
    by: Grouping
    items: list[Figures]
    total: Figures
    estimates: EstimateQuality

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code

    @old_name_of("from_on", written="from")
    def from_(self) -> date:
        return self.from_on

    @old_name_of("to_on")
    def to(self) -> date:
        return self.to_on
