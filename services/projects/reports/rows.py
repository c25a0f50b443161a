"""A duty behind a figure of a report, as people and programs read it."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.auditing.models import Verdict
from services.projects.auditing.schemas import ReasonView
from shared.web.models import View, old_name_of


class ReportRow(View):
    """A duty behind a figure of a report, as it stood then."""

    duty_id: UUID
    unit_code: str
    project_code: str | None = Field(
        description="项目代码；不属于项目的为空 | The project; null where it is about none."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    project_name: str
    item_code: str
    item_name: str
    formed_on: date | None
    verdict: Verdict
    due_on: date | None
    over_by: int | None = Field(description="逾期天数，按其期限的计法 | Days over, of its clock.")
    by_days: bool = Field(description="按自然日计 | Whether its clock counts plain days.")
    url: str | None
    claimed_at: AwareDatetime | None = Field(
        description="网页自称的发布时间 | When the page says it was published."
    )
    seen_at: AwareDatetime | None = Field(description="首次见到的时间 | When it was seen.")
    evidence_id: UUID | None = Field(
        description="存证：所见网页；逾期未公开的，是证明未公开的那次核查所见的栏目列表"
        " | The capture of the page; of one that is overdue, of the list in which it was not."
    )
    absent_at: AwareDatetime | None = Field(
        description="逾期未公开的，哪次核查证明其未公开"
        " | When the walk began that proves an overdue one absent."
    )
    absence_evidence_ids: list[UUID] = Field(
        description="逾期未公开的，证明未公开的历次核查所见栏目列表的全部页，先后为序"
        " | Of one that is overdue, all pages of the lists as the walks that prove it read them, in"
        " their order."
    )
    known_at: AwareDatetime | None = Field(
        description="该日之后才得知的，何时得知 | When it was known, if only after that day."
    )
    reason: ReasonView

    @old_name_of("unit_code")
    def unit(self) -> str:
        return self.unit_code

    @old_name_of("project_code")
    def project(self) -> str | None:
        return self.project_code
