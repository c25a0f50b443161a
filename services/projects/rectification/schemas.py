"""Orders to put findings right, as people and programs send and read them."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.auditing.models import Verdict
from services.projects.collecting.models import DetailState
from services.projects.portals.schemas import WebAddress
from services.projects.reading.faults import Fault
from services.projects.rectification.models import (
    Closing,
    RectificationAction,
    RectificationState,
    RectificationStepKind,
    ReplyKind,
)
from shared.web.models import Input, View

_VERSION = "所依据的版本，可不填 | The version you saw, if you like."


class RectificationDemand(Input):
    """What a unit has to put right, and within how many working days."""

    duty_id: UUID
    demand: str = Field(
        min_length=2,
        max_length=500,
        description="要求怎样整改，公开主体可见 | What is to be done; the unit reads it.",
        examples=["请补正公开批复文号和批复时间，并回复整改后的网址"],
    )
    working_days: int | None = Field(
        None,
        ge=1,
        le=60,
        description="整改期限的工作日数，不填则按现行规则"
        " | The working days that it gives; by the policy in force where none is named.",
    )
    due_on: date | None = Field(
        None,
        description="也可以直接填最后一天，遇休息日顺延；与工作日数只填一项"
        " | Or the last day itself, the next working day where it is of rest; give one of both.",
    )
    version: int | None = Field(
        None, ge=1, description="所见的义务版本，可不填 | The duty's version you saw, if you like."
    )


class RectificationAcknowledgement(Input):
    """The unit has received the order."""

    version: int | None = Field(None, ge=1, description=_VERSION)


class RectificationReply(Input):
    """What the unit has done: where it is published now, by which document, or why it cannot be."""

    kind: ReplyKind = Field(
        description="address 现在公开的网址；document 文件；explanation 说明"
        " | address: where it is published now; document; explanation.",
        examples=["address"],
    )
    url: WebAddress | None = Field(
        None,
        description="整改后的网址，由采集器读取、存证后复核；不在已登记栏目里的也读取"
        " | The address, which the collector reads and keeps as evidence, also where no column has"
        " it.",
    )
    document: str | None = Field(
        None, min_length=2, max_length=200, description="文件名或文号 | Document."
    )
    text: str = Field(
        min_length=2,
        max_length=500,
        description="整改情况 | What was done.",
        examples=["已补正批复文号，请复核"],
    )
    version: int | None = Field(None, ge=1, description=_VERSION)


class RectificationReason(Input):
    """Why a reply is returned, an order closed or taken back, or a proposal refused."""

    reason: str = Field(
        min_length=2,
        max_length=500,
        description="理由，公开主体可见 | Why; the unit reads it.",
        examples=["所附网址仍缺批复文号"],
    )
    version: int | None = Field(None, ge=1, description=_VERSION)


class RectificationPolicyInput(Input):
    """整改期限的工作日数 | How many working days orders give."""

    term_days: int = Field(
        ge=1,
        le=60,
        description="未另定期限的，给几个工作日 | Where an order names none.",
        examples=[10],
    )
    further_days: int = Field(
        ge=1,
        le=60,
        description="回复被退回或到期未办的，再给几个工作日"
        " | Once a reply is returned or an order is left alone.",
        examples=[5],
    )
    review_days: int | None = Field(
        None,
        ge=1,
        le=60,
        description="审核回复和提议的工作日数，过期未审的继续逐级升级；不填则不变"
        " | Those an auditor has for a reply or a proposal, after which the order rises on; left as"
        " they are where none is given.",
        examples=[5],
    )
    version: int = Field(
        ge=1, le=2**31 - 2, description="读到的版本 | The version that was read.", examples=[1]
    )


class RectificationPolicyView(View):
    """The policy in force."""

    model_config = ConfigDict(from_attributes=True)

    term_days: int = Field(description="期限的工作日数 | The working days of a term.")
    further_days: int = Field(description="再给的工作日数 | Those of a further term.")
    review_days: int = Field(description="审核的工作日数 | Those of an auditor's look.")
    version: int


class RectificationProof(View):
    """What was seen after the order and shows that the fault is gone."""

    fact_id: int
    url: str
    observed_at: AwareDatetime
    evidence_id: UUID | None


class RectificationView(View):
    """An order to put a finding right, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str = Field(examples=["整改〔2026〕12号"])
    duty_id: UUID
    unit_code: str
    unit_name: str
    project_code: str | None
    project_name: str | None
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    item_name: str
    cause: Verdict = Field(description="下达时的结论 | The verdict when it was ordered.")
    missing_elements: list[str]
    verdict: Verdict = Field(
        description="现在的结论；逾期的永远是逾期 | The verdict now; late stays late for ever."
    )
    demand: str
    state: RectificationState
    level: int = Field(
        description="第几级，到期未办升一级 | Its level; it rises when it is left alone."
    )
    term_days: int = Field(description="期限的工作日数 | The working days of its term.")
    due_on: date | None = Field(
        description="应于此日前整改；放假通知未载入的为空"
        " | To be done by then; null while a holiday notice is missing."
    )
    overdue: bool = Field(
        description="公开主体已过整改期限；已回复、待审核的不算"
        " | Its unit has let the term pass; not while a reply waits for an auditor."
    )
    review_due_on: date | None = Field(
        description="回复或提议应于此日前审核；没有待审核的、放假通知未载入的为空"
        " | An auditor looks at the reply or the proposal by then; null where none waits, or while"
        " a holiday notice is missing."
    )
    review_overdue: bool = Field(
        description="监察人员逾期未审核 | An auditor has let that day pass."
    )
    in_dispute: bool = Field(
        description="异议处理中，期满不升级 | A dispute is open; it does not rise meanwhile."
    )
    issued_at: AwareDatetime
    issued_by: str = Field(description="下达人账号 | The account that ordered it.")
    escalated_at: AwareDatetime | None = Field(
        description="转督办的时间 | When it became a supervision order."
    )
    proposal: RectificationAction | None = Field(
        description="第一人提议的办结或撤销，待另一人决定"
        " | Closing or revoking, as one has proposed; another decides."
    )
    first_by: str | None = Field(description="提议人账号 | The account that proposed it.")
    closing: Closing | None = Field(
        description="怎样结束的：复核属实、说明后办结、撤销、结论不再作数"
        " | How it ended: by proof, explained, revoked, or with its finding."
    )
    rectified: bool = Field(
        description="有复核存证的整改完成；与逾期结论并列"
        " | Put right with proof; it stands beside a late verdict."
    )
    proof: RectificationProof | None
    ended_at: AwareDatetime | None
    ended_by: str | None
    version: int


class RecaptureView(View):
    """What will become of the address of a reply."""

    portal_id: str | None = Field(
        description="随哪个栏目读取；为空的单独读取"
        " | The column with which it is read; null where it is read by itself."
    )
    zh: str
    en: str


class RectificationReplied(RectificationView):
    """An order with the reply that was just given, and what will become of its address."""

    recapture: RecaptureView | None = Field(
        description="对所填网址将怎样复核；没有填网址的为空"
        " | How its address will be looked at; null where it names none."
    )


class RepliedPage(View):
    """How far the address of a reply was read by the collector."""

    model_config = ConfigDict(from_attributes=True)

    state: DetailState = Field(description="读取情况 | How far it was read.")
    fault: Fault | None = Field(description="未读到的原因 | Why it could not be read.")
    checked_at: AwareDatetime | None = Field(description="最近读取时间 | When it was read last.")
    evidence_id: UUID | None = Field(description="存证 | What was captured.")


class RectificationStepView(View):
    """A line of an order's history."""

    model_config = ConfigDict(from_attributes=True)

    step: RectificationStepKind
    state: RectificationState
    level: int
    due_on: date | None
    reply_kind: ReplyKind | None
    url: str | None
    document: str | None
    text: str | None
    page: RepliedPage | None = Field(
        description="所填网址的读取情况；还没有读或没有填的为空"
        " | How far its address was read; null where none is given, or before it was asked for."
    )
    at: AwareDatetime
    by: str


class RectificationDetail(RectificationView):
    """An order with all that was done to it, oldest first."""

    steps: list[RectificationStepView]
