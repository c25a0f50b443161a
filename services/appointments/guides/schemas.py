"""Service items and guides as the API takes and gives them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

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
Link = Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]


class ItemElements(View):
    """The other elements of the national lists (C0109, GB/T 39046-2020 tables 4-8).

    Empty or null is what nobody has filled in yet. Fees, basis, flow and results stand in the
    guide; place, hours and places a day follow from hall and schedule, and are not kept twice.
    """

    business_code: str | None = Field(
        None, max_length=64, description="业务办理项编码 | The code of the business item"
    )
    authority_name: str | None = Field(
        None, max_length=200, description="实施主体 | The authority that decides"
    )
    authority_code: str | None = Field(
        None,
        pattern=r"^[0-9A-Z]{18}$",
        description="实施主体统一社会信用代码 | The authority's unified social credit code",
    )
    authority_kind: Literal["statutory", "authorised", "delegated", "other"] | None = Field(
        None, description="实施主体性质 | Statutory, authorised by law, delegated or other"
    )
    delegated_by: str | None = Field(
        None, max_length=200, description="委托部门 | Who delegated it"
    )
    exercise_levels: list[
        Literal["national", "province", "city", "county", "town", "village", "shared"]
    ] = Field(
        default_factory=list, max_length=7, description="行使层级 | The levels that exercise it"
    )
    legal_limit_note: str = Field(
        "", max_length=500, description="法定时限说明 | How the limit by law is counted"
    )
    promised_limit_note: str = Field(
        "", max_length=500, description="承诺时限说明 | How the promised limit is counted"
    )
    special_procedures: list[Literal["extension", "other"]] = Field(
        default_factory=list, max_length=2, description="特别程序 | Special procedures"
    )
    joint_agencies: list[Line] = Field(
        default_factory=list, max_length=20, description="联办机构 | Agencies that take part"
    )
    intermediary_services: list[Line] = Field(
        default_factory=list, max_length=20, description="中介服务 | Services of intermediaries"
    )
    quantity_limit: str = Field(
        "", max_length=300, description="数量限制 | Whether only so many are granted"
    )
    handling_forms: list[Literal["window", "computer", "mobile", "post", "other"]] = Field(
        default_factory=list, max_length=5, description="办理形式 | The ways to apply"
    )
    online_payment: bool | None = Field(
        None, description="支持网上支付 | Whether one can pay online"
    )
    service_scope: (
        Literal["national", "interprovincial", "province", "city", "county", "local"] | None
    ) = Field(None, description="通办范围 | Where else one can apply")
    result_kind: Literal["certificate", "document", "reply", "other"] | None = Field(
        None, description="结果类型：证、文、批复、其他 | Certificate, document, reply or other"
    )
    result_sample: Link | None = Field(
        None, description="结果样本的网址 | The address of a sample of the result"
    )
    topics: list[Line] = Field(
        default_factory=list, max_length=20, description="主题分类 | Topics it is listed under"
    )


class ItemTerms(ItemElements):
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
    kind: Literal["licence", "form", "other"] | None = Field(
        None, description="材料类型：证照、申请表、其他 | A licence, a form or other"
    )
    specification: str = Field("", max_length=300, description="规格 | Size and make")
    blank_form: Link | None = Field(None, description="空白表的网址 | Where the blank form is")
    sample: Link | None = Field(None, description="样表的网址 | Where a filled-in sample is")
    filling_notes: str = Field("", max_length=500, description="填报须知 | How to fill it in")
    acceptance: str = Field(
        "", max_length=500, description="受理标准 | When it is good enough to be accepted"
    )
    basis: str = Field("", max_length=300, description="要求提供的依据 | The rule that asks for it")


class Fee(Input):
    """收费项目."""

    name: Line
    amount: str = Field(max_length=100, description="标准 | Rate", examples=["每次 10 元"])
    basis: str = Field("", max_length=300, description="收费依据 | What the fee rests on")


class Step(Input):
    """办理流程中的一步."""

    name: Line
    note: str = Field("", max_length=500)
    channel: Literal["either", "online", "onsite"] = Field(
        "either", description="线上、线下或均可 | Online, on site or either"
    )


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
    rights: str = Field(
        "", max_length=1000, description="申请人权利和义务 | What applicants may and must do"
    )
    changes: str = Field(
        "", max_length=1000, description="与上一版相比改了什么 | What is new in this version"
    )


class GuideIn(GuideContent):
    """The next version of a guide; `version` is the newest one published, 0 for the first."""

    version: int = Field(ge=0)
    valid_from: date | None = Field(
        None, description="生效日期，不写则立即生效 | When it comes into force; else at once"
    )


class GuideHall(View):
    """A hall where the item is dealt with, as the printed guide has it."""

    hall_code: str
    name: str
    name_en: str | None
    address: str
    phone: str | None
    opening_hours: list[dict[str, Any]] = Field(
        description="星期（1 至 7）及起止时间，空为未登记 | Weekdays and times; empty: not known"
    )
    contacts: list[dict[str, str]] = Field(
        description="各项服务的电话：service、phone、hours | Numbers by service"
    )


class GuideView(View):
    """A published guide with the item's terms and the halls where it is dealt with."""

    item: ItemView
    version: int
    in_force: bool = Field(description="是否为现行版本 | Whether it is the one in force")
    valid_from: date = Field(description="生效日期 | When it came or comes into force")
    published_at: datetime
    content: GuideContent
    halls: list[GuideHall] = Field(
        description="可办理的大厅，至多 20 个 | Halls where it can be dealt with, 20 at most"
    )


class GuideVersion(View):
    """One version of a guide, without its content."""

    version: int
    in_force: bool = Field(description="是否为现行版本 | Whether it is the one in force")
    valid_from: date = Field(description="生效日期 | When it came or comes into force")
    published_at: datetime
    changes: str = Field(description="与上一版相比改了什么 | What was new in it")


class Finding(View):
    """What is missing or does not fit in an item and its guide."""

    kind: Literal["contradiction", "missing"] = Field(
        description="互相矛盾或缺失 | Contradicts something, or is not there"
    )
    pointer: str = Field(
        description="所在字段，如 /guide/materials/0/source | Where, as a JSON pointer"
    )
    detail_zh: str = Field(description="中文说明 | What it is, in Chinese")
    detail_en: str = Field(description="英文说明 | What it is, in English")


class ItemFindings(View):
    """An item that is in force, and what its data lack."""

    item_code: str
    item_name: str
    department_code: str
    guide_version: int
    findings: list[Finding] = Field(
        description="发现的问题，空为没有 | What was found; empty: nothing"
    )
