"""Reports on second visits as the API takes and gives them, and what they are made of."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.appointments.second_visits.models import ReportState
from shared.web.models import Day, Input, View, Words

Measure = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S")]


class SecondVisitReason(View):
    """A paper that was missing, and in how many tickets."""

    text: str = Field(
        description="窗口登记的所缺材料；少见的说法合为“其他”"
        " | What was missing, as the windows wrote it down; rare words are together"
    )
    count: int = Field(description="多少张号 | In how many tickets")
    material: str | None = Field(
        description="对应的指南材料；空为指南中没有 | The guide's material; null: not in the guide"
    )


class SecondVisitItem(View):
    """An item that needs a second visit, by what happened or by what is registered."""

    item_code: str
    item_name: str
    department_code: str
    department_name: str | None
    visits_needed: int
    visits_reason: str
    guide_version: int
    finished: int = Field(description="办结的号票 | Tickets that were finished")
    second_visits: int = Field(
        description="其中需补正、要再来的 | Of these, with more needed: to come again"
    )
    share: float | None = Field(description="要再来的比例 | The share that has to come again")
    deferred: int = Field(
        description="容缺受理而免于再来的"
        " | Taken up with papers to follow, instead of a second visit"
    )
    reasons: list[SecondVisitReason] = Field(description="为什么 | Why")
    remedies: list[Words] = Field(description="怎样才不用再来 | What would end it")


class ReportBasis(View):
    """What the report was made of."""

    made_at: datetime
    through_seq: int = Field(
        description="大厅事件记录算到第几条 | The last entry of the hall's log that was looked at"
    )
    sources: Words = Field(description="数据来源 | What it was counted from")
    method: Words = Field(description="口径 | How it was counted")


class ReportContent(View):
    """What is counted when a report is made, and never changed afterwards."""

    hall_code: str
    hall_name: str
    area_names: list[str] = Field(description="所属区划，自上而下 | The areas above the hall")
    from_on: date
    to_on: date
    finished: int
    done: int
    second_visits: int
    rejected: int
    share: float | None
    without: int = Field(
        description="有办结而无人再来的事项数 | Items with finished tickets and no second visit"
    )
    items: list[SecondVisitItem]
    basis: ReportBasis


class NewReport(Input):
    """On which hall and days; the days are over."""

    hall_code: str = Field(pattern=r"^[A-Z0-9-]{2,32}$", examples=["H001"])
    from_on: Day
    to_on: Day


class ReportMeasures(Input):
    """By item: what the hall will do so that nobody has to come twice."""

    measures: dict[str, Measure] = Field(
        max_length=200, description="各事项的整改措施 | Measures by item"
    )


class ReportWithdrawal(Input):
    """Why it does not count any more."""

    reason: str = Field(
        min_length=2, max_length=500, pattern=r"\S", description="撤回的原因 | Why it is withdrawn"
    )


class SecondVisitReportSummary(View):
    """A report in a list."""

    id: UUID
    hall_code: str
    hall_name: str
    number: str = Field(description="报告编号 | The report's number", examples=["H001-2026-001"])
    edition: int = Field(description="同一期间的第几份 | Which one on the period it is")
    from_on: date
    to_on: date
    state: ReportState
    version: int
    made_at: datetime
    signed_at: datetime | None
    signed_by: str | None = Field(description="签发人 | Who signed it")
    sha256: str | None = Field(description="签发内容的摘要 | The digest of what was signed")
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class SecondVisitReportView(SecondVisitReportSummary):
    """A whole report."""

    content: ReportContent
    measures: dict[str, str] = Field(description="各事项的整改措施 | Measures by item")
