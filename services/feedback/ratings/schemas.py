"""What the API takes and gives."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from services.feedback.departments.schemas import DepartmentCode
from services.feedback.ratings.models import (
    AppealReason,
    Grade,
    InvitationState,
    RatingAction,
    RatingState,
    RevisitOutcome,
)
from shared.errors import Text
from shared.security.personal import Phone
from shared.web.models import Prose, View, old_name_of

CODE = r"^[A-Za-z0-9_-]{1,32}$"

TagCode = Annotated[str, Field(pattern=r"^\d{3}$", examples=["214"])]


class AskToRate(Prose):
    """Which case, and the key that came with its (first) ticket."""

    case_id: UUID = Field(description="取号所得的 id | The id of the ticket as it was issued")
    rating_key: str = Field(min_length=1, max_length=128, description="评价键 | Rating key")


class RaterContact(Prose):
    """How to reach whoever rates, to put things right; sealed, and never published."""

    name: str | None = Field(
        None, min_length=1, max_length=50, description="怎么称呼 | Name", examples=["王女士"]
    )
    phone: Phone


class GiveRating(Prose):
    token: str = Field(min_length=1, max_length=128, description="评价邀请码 | Invitation token")
    grade: Grade = Field(description="满意度 | Grade")
    tags: list[TagCode] = Field(
        default_factory=list,
        max_length=8,
        description="所选满意度的标签代码 | Codes of tags that belong to the grade",
    )
    text: str | None = Field(None, max_length=1000, description="文字评价 | In your own words")
    contact: RaterContact | None = Field(
        None,
        description="愿意留下的联系方式，供部门核实和回访；可以不留"
        " | Only if you wish to be reached by the department and for the return visit",
    )


class ServiceReport(Prose):
    """A service that another system has delivered; the same `external_id` is the same service."""

    external_id: str = Field(
        min_length=1,
        max_length=100,
        description="该系统中的办件编号；只用来认出重复报送 | Its id in that system",
        examples=["BJ-20261123-000123"],
    )
    department_code: DepartmentCode
    hall_code: str | None = Field(
        None, pattern=CODE, description="在大厅办理的填大厅代码 | The hall, if there was one"
    )
    item_code: str | None = Field(None, max_length=64, description="事项代码 | Code of the item")
    item_name: str = Field(
        min_length=1, max_length=200, description="事项名称 | Its name", examples=["居住证办理"]
    )
    outcome: str | None = Field(None, max_length=32, description="办理结果 | Outcome")
    finished_at: AwareDatetime = Field(
        description="办结时间，不晚于现在 | When it was finished, not in the future",
        examples=["2026-11-23T10:00:00+08:00"],
    )


class StepText(Prose):
    text: str = Field(min_length=2, max_length=2000, description="说明 | In words")


class AppealRating(StepText):
    reason: AppealReason = Field(description="申诉理由 | Why it should not count")


class Rectify(StepText):
    """Measures; a complex matter takes longer, against a plan."""

    is_complex: bool = Field(False, description="情况复杂，15 个工作日 | Complex: 15 working days")
    plan: str | None = Field(
        None,
        min_length=5,
        max_length=2000,
        validate_default=True,
        description="整改计划 | The plan",
    )

    @field_validator("plan")
    @classmethod
    def _complex_has_a_plan(cls, plan: str | None, others: ValidationInfo) -> str | None:
        if others.data.get("is_complex", False) != (plan is not None):
            raise ValueError(
                Text(
                    "情况复杂的须附整改计划；不复杂的不需要",
                    "A complex matter needs a plan, and only a complex one",
                )
            )
        return plan


class RevisitResult(Prose):
    outcome: RevisitOutcome = Field(description="回访结果 | What the citizen said")
    text: str | None = Field(None, max_length=2000, description="说明 | In words")


class RatingReceipt(View):
    """A rating was taken."""

    id: UUID
    state: RatingState


class InvitationView(View):
    """How a citizen may rate, and what became of the rating."""

    token: str = Field(description="评价时使用 | To rate with")
    expires_at: AwareDatetime
    state: InvitationState
    item_name: str | None
    rating: RatingReceipt | None = Field(description="已作评价 | The rating given")


class ServiceReceipt(View):
    """What is handed to whoever was served, so that they can rate."""

    case_id: UUID
    rating_key: str = Field(
        description="评价键，请只交给办事群众 | Rating key, for whoever was served alone"
    )
    token: str = Field(description="评价邀请码 | Invitation token")
    expires_at: AwareDatetime
    state: InvitationState


class TagView(View):
    """A detail tag of the national platform."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    grade: Grade
    text: str
    is_core: bool


class RatingView(View):
    """A rating as lists show it; what the citizen wrote is in the single view."""

    id: UUID
    case_id: UUID
    hall_code: str
    department_code: str
    grade: Grade
    stars: int = Field(description="星级，5 最好 | Stars, 5 is best")
    gbt39046_code: int = Field(description="GB/T 39046 表 A.8，1 最好 | Table A.8, 1 is best")
    is_bad: bool
    tags: list[str]
    state: RatingState
    version: int
    round: int = Field(description="第几次再整改 | How often rectified once more")
    rated_at: AwareDatetime
    amended_at: AwareDatetime | None
    due_on: date | None = Field(description="本步骤的最后一天 | Last day of the present step")
    due_on_is_provisional: bool | None
    overdue: bool
    supervision_order_id: UUID | None
    followup_id: UUID | None = Field(
        description="来自差的回诊：回答见该回诊 | Of a bad follow-up, which has what was answered"
    )
    has_contact: bool = Field(description="是否留有联系方式 | Whether a contact was left")


class RatingStepView(View):
    action: RatingAction
    state: RatingState
    round: int
    at: AwareDatetime
    by: str
    text: str | None
    plan: str | None
    appeal_reason: AppealReason | None


class RatingDetail(RatingView):
    """A rating with what the citizen wrote and everything that was done; reading it is logged."""

    text: str | None
    contact: RaterContact | None = Field(
        description="供核实与回访使用 | To verify, and for the return visit"
    )
    revisits_tried: int
    steps: list[RatingStepView]


class GroupBy(StrEnum):
    ALL = "all"
    DEPARTMENT = "department"
    HALL = "hall"
    ITEM = "item"


class Rate(View):
    """A share with its 95 % Wilson interval and what it was counted over; null of nothing."""

    n: int = Field(description="分母 | The denominator")
    rate: float | None
    low: float | None
    high: float | None


class StatisticsRow(View):
    """Figures of one group. What the public may not see is null: a group's figures altogether where
    it is `suppressed`, and each rate over fewer than 5.
    """

    key: str | None
    suppressed: bool
    invited: int | None
    rated: int | None
    excluded: int | None
    bad: int | None
    rated_rate: Rate | None = Field(description="评价率＝评价数÷邀请数 | rated / invited")
    satisfied_rate: Rate | None = Field(
        description="满意率＝基本满意及以上÷有效评价数；未评价不计 | grades 5, 4, 3 / valid ratings"
    )
    rectified_rate: Rate | None = Field(
        description="整改率，含说明 | put right or explained ÷ bad ratings"
    )
    revisited_rate: Rate | None = Field(description="回访率 | revisited ÷ put right or explained")


class Statistics(View):
    """Counted over the invitations of a period; who did not rate never counts as satisfied."""

    from_on: date
    to_on: date
    group_by: GroupBy
    counted_at: AwareDatetime = Field(
        description="统计时间；公众版每月只统计一次 | When it was counted; a public month only once"
    )
    items: list[StatisticsRow]
    next_cursor: str | None = Field(
        None, description="还有更多组时为下一页 | Of the next page, where there are more groups"
    )

    @old_name_of("items")
    def rows(self) -> list[StatisticsRow]:
        return self.items
