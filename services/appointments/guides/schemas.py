"""Service items and guides as the API takes and gives them."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from services.appointments.guides.models import CaseKind, LimitUnit, OnlineDepth
from shared.web.models import Input, View

ItemCode = Annotated[
    str,
    Path(pattern=r"^[A-Z0-9-]{2,64}$", description="事项编码 | Item code", examples=["PBOC-01"]),
]
Line = Annotated[str, Field(min_length=1, max_length=500)]
SubjectKind = Literal["person", "enterprise", "institution", "organisation", "government", "other"]
"""服务对象, GB/T 39046: 1 自然人, 2 企业, 3 事业, 4 社会组织, 5 行政机关, 6 其他."""


class ItemTerms(View):
    """What is laid down about a service item (实施清单)."""

    name: str = Field(min_length=1, max_length=200)
    name_en: str | None = Field(None, max_length=200)
    group: str = Field(min_length=1, max_length=100, description="业务类别 | Group")
    department_code: str = Field(pattern=r"^[A-Z0-9-]{2,32}$", examples=["PBOC"])
    catalog_code: str | None = Field(None, max_length=32, description="基本编码 | The basic code")
    task_code: str | None = Field(
        None, max_length=64, description="实施编码 | The code of implementation"
    )
    item_type: Literal["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "20"] = "20"
    subject_kinds: list[SubjectKind] = Field(min_length=1, max_length=6)
    standard_minutes: int = Field(ge=1, le=480, description="窗口办理标准时长 | At the window")
    case_kind: CaseKind = CaseKind.INSTANT
    legal_limit: int | None = Field(
        None, ge=0, le=10_000, description="法定办结时限 | The limit by law"
    )
    legal_limit_unit: LimitUnit | None = None
    promised_limit: int | None = Field(
        None, ge=0, le=10_000, description="承诺办结时限 | The promised limit"
    )
    promised_limit_unit: LimitUnit | None = None
    visits_needed: int = Field(
        1, ge=0, le=20, description="到办事现场次数 | How many visits it takes"
    )
    visits_reason: str = Field(
        "", max_length=500, description="必须现场办理原因 | Why one has to come"
    )
    online_depth: OnlineDepth = Field(
        OnlineDepth.NONE, description="网办深度 | How far it goes online"
    )
    by_appointment: bool = Field(True, description="是否支持预约 | Whether it can be booked")
    self_service: bool = Field(False, description="自助终端可办 | Whether a terminal can settle it")
    by_post: bool = Field(False, description="支持物流快递 | Whether it can go by post")
    valid_from: date
    valid_to: date | None = None


class ItemIn(Input, ItemTerms):
    """A new item, or the next state of one; `version` is the one that you are changing."""

    version: int | None = Field(None, ge=1, description="新事项不填 | Leave out for a new item")


class ItemView(ItemTerms):
    """A service item."""

    code: str
    guide_version: int = Field(description="现行办事指南版本，0 为尚未发布 | 0: none published")
    version: int
    updated_at: datetime


class Material(Input):
    """材料: one paper, where it comes from, and in which form it is accepted."""

    name: Line
    name_en: str | None = Field(None, max_length=200)
    required: bool = Field(True, description="必要；否则按情形提供 | Or only in some cases")
    form: Literal["original", "copy", "electronic", "original_and_copy"] = "original"
    copies: int = Field(1, ge=0, le=20)
    source: str = Field("", max_length=200, description="来源渠道 | Where it comes from")
    may_follow: bool = Field(False, description="容缺受理：可后补 | May be handed in later")
    note: str = Field("", max_length=500)


class Fee(Input):
    """收费项目."""

    name: Line
    amount: str = Field(max_length=100, description="标准 | Rate", examples=["每次 10 元"])
    basis: str = Field("", max_length=300, description="收费依据 | What the fee rests on")


class Step(Input):
    """办理流程中的一步."""

    name: Line
    note: str = Field("", max_length=500)


class Question(Input):
    """常见问题."""

    question: Line
    answer: str = Field(min_length=1, max_length=2000)


class GuideContent(Input):
    """办事指南: what a person must know to settle the matter in one visit."""

    summary: str = Field("", max_length=1000)
    summary_en: str | None = Field(None, max_length=1000)
    conditions: list[Line] = Field(
        default_factory=list, max_length=30, description="受理条件 | When it is taken up"
    )
    materials: list[Material] = Field(default_factory=list, max_length=60)
    fees: list[Fee] = Field(
        default_factory=list, max_length=20, description="空：不收费 | Empty: free"
    )
    steps: list[Step] = Field(min_length=1, max_length=30)
    basis: list[Line] = Field(
        default_factory=list, max_length=30, description="设定依据 | The rules of law"
    )
    results: list[Line] = Field(
        default_factory=list, max_length=10, description="办理结果 | What one gets"
    )
    consultation: str = Field("", max_length=300, description="咨询方式 | Where to ask")
    complaints: str = Field("", max_length=300, description="监督投诉方式 | Where to complain")
    remedies: str = Field(
        "", max_length=500, description="行政复议或行政诉讼 | Review or action against the decision"
    )
    questions: list[Question] = Field(default_factory=list, max_length=40)


class GuideIn(GuideContent):
    """The next version of a guide; `version` is the one that it replaces, 0 for the first."""

    version: int = Field(ge=0)


class GuideView(View):
    """A published guide with the item's terms."""

    item: ItemView
    version: int
    published_at: datetime
    content: GuideContent
