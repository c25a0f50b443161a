"""What the API takes and gives about portals and their rules."""

from datetime import date
from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, field_validator

from services.projects.portals.models import PortalHealth, PortalRule
from services.projects.reading.claims import Claim
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault
from services.projects.reading.hosts import host_of
from services.projects.reading.lists import ListPage
from services.projects.reading.readers import AnyRule, rule_of
from services.projects.register.schemas import UnitCode
from shared.errors import Text
from shared.web.models import Input, View

_NO_ADDRESS = Text(
    "应为 http 或 https 地址，不含用户名和密码",
    "Must be an http or https address without user information",
)

_ENCODED = Text(
    "网址中的汉字请写成编码后的形式，可从浏览器地址栏复制",
    "Please give the address in its encoded form, as a browser copies it",
)


def _web_address(text: str) -> str:
    if host_of(text) is None or urlsplit(text).username is not None:
        raise ValueError(_NO_ADDRESS)
    return text


WebAddress = Annotated[
    str,
    Field(
        min_length=10,
        max_length=800,
        pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$",
        examples=["https://www.ningchuan.gov.cn/zfbm/fgw/2026/t20261130_88.html"],
    ),
    AfterValidator(_web_address),
]


class PortalMove(Input):
    """A day on which the portal's pages were moved to another system or address."""

    on: date = Field(description="迁移的日期 | The day of the move.", examples=["2026-06-18"])


class PortalWrite(Input):
    """一个公开栏目：哪个单位在哪里公开，多久看一次 | Where a unit publishes, how often to look."""

    name: str = Field(min_length=1, max_length=200, examples=["住建局·批准结果信息"])
    unit_code: UnitCode
    start_url: WebAddress = Field(examples=["https://www.example.gov.cn/zdxm/index.htm"])
    allow_private: bool = Field(
        False, description="地址可否为内网地址 | Whether the address may be a private one."
    )
    is_public: bool = Field(
        True, description="存证可否公开 | Whether captures may be shown to everybody."
    )
    interval_ms: int = Field(
        1000,
        ge=0,
        le=60_000,
        description="两次请求的最短间隔（毫秒）；同一主机上的栏目依次读取，按其中最长的间隔"
        " | Least pause between requests. The portals of a host are read one after the other, with"
        " the longest pause of them.",
    )
    every_minutes: int = Field(1440, ge=5, le=10_080)
    enabled: bool = True
    moves: list[PortalMove] | None = Field(
        None,
        max_length=50,
        description="网站迁移的日期：网页地址、编号、附件名中带的这些日期不作为矛盾证据；不带则保持不变"
        " | Days on which the pages were moved: marks of those days in addresses, numbers and names"
        " of uploads contradict nothing. Null leaves them as they are.",
        examples=[[{"on": "2026-06-18"}]],
    )
    version: int | None = Field(
        None,
        ge=1,
        le=2**31 - 1,
        description="所改栏目的版本号，新栏目为空"
        " | Of the portal being changed; null for a new one.",
    )

    @field_validator("start_url")
    @classmethod
    def _is_as_it_is_asked(cls, url: str) -> str:
        if not url.isascii():
            raise ValueError(_ENCODED)
        return url


class PortalView(View):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    unit_code: str
    start_url: str
    host: str = Field(
        description="网站主机及端口 | The host, with its port if it is not a usual one."
    )
    allow_private: bool
    is_public: bool
    interval_ms: int
    every_minutes: int
    enabled: bool
    has_list: bool = Field(
        description="是否有列表可采集；为假的只代表单位回复中所列的网址"
        " | Whether it has a list to be read; else it stands for addresses that its unit named."
    )
    moves: list[PortalMove]
    rule_version: int | None
    health: PortalHealth
    fault: Fault | None
    health_since: AwareDatetime | None
    walked_at: AwareDatetime | None = Field(
        description="最近一次完整核查的开始时间 | Start of the last full walk without gaps."
    )
    proven_at: AwareDatetime | None = Field(
        description="最近一次被后来的核查印证的完整核查的开始时间，可证明未公开"
        " | Start of the last such walk that a later one agreed with: proof of absence."
    )
    next_run_at: AwareDatetime
    version: int


class AbsencePolicyInput(Input):
    """证明“未公开”的两次完整核查至少相隔多久 | How far apart two walks of a proof are."""

    absence_gap_minutes: int = Field(
        ge=0, le=10_080, description="两次完整核查的最小间隔（分钟） | Minutes.", examples=[60]
    )
    version: int = Field(
        ge=0, le=2**31 - 2, description="读到的版本 | The version that was read.", examples=[0]
    )


class AbsencePolicyView(View):
    """The policy in force; version 0 while nobody has laid one down."""

    absence_gap_minutes: int
    version: int


class EntryView(View):
    model_config = ConfigDict(from_attributes=True)

    url: str
    title: str
    listed_on: date | None
    column: str | None


SAMPLE = 5


class DetailTrial(View):
    """What a page says by the rule; shown and not stored."""

    url: str
    title: str | None = None
    claimed_at: AwareDatetime | None = None
    claimed_from: str | None = None
    trust: int = 0
    flags: list[str] = []
    project_code: str | None = None
    doc_no: str | None = None
    formed_on: date | None = None
    index_no: str | None = Field(
        None, description="网页所示索引号，原样 | The index number as the page prints it."
    )
    rows: int = Field(
        0,
        description="表格中逐行公开的条数 | Rows of its tables, each of which is a publication.",
    )
    fault: Fault | None = None

    @classmethod
    def of(cls, url: str, read: PageReading, claim: Claim) -> Self:
        return cls(
            url=url,
            title=read.title,
            claimed_at=claim.at,
            claimed_from=claim.provenance,
            trust=claim.trust,
            flags=[flag.value for flag in claim.flags],
            project_code=read.facts.project_code,
            doc_no=read.facts.doc_no,
            formed_on=read.facts.formed_on,
            index_no=read.facts.index_no,
            rows=len(read.records),
        )


class CaptureTrial(View):
    """What a rule reads from one stored capture: as a page of the list, or as an item's page."""

    evidence_id: UUID
    url: str
    fetched_at: AwareDatetime
    entries: int = 0
    with_date: int = 0
    sample: list[EntryView] = []
    next_url: str | None = None
    detail: DetailTrial | None = None
    fault: Fault | None = None


class Trial(View):
    """What a rule reads from a page: of a stored capture, or of the portal now."""

    evidence_id: UUID | None = None
    entries: int = 0
    with_date: int = 0
    sample: list[EntryView] = []
    next_url: str | None = None
    detail: DetailTrial | None = None
    fault: Fault | None = Field(
        None, description="读不到的原因 | Why the portal could not be read, if so."
    )
    captures: list[CaptureTrial] = Field(
        [],
        description="在所指定的存证上试读的结果 | What the rule reads from each capture named.",
    )

    @classmethod
    def of(
        cls, page: ListPage, *, evidence_id: UUID | None = None, detail: DetailTrial | None = None
    ) -> Self:
        """What was read from a list page, in short."""
        return cls(
            evidence_id=evidence_id,
            entries=len(page.entries),
            with_date=sum(entry.listed_on is not None for entry in page.entries),
            sample=[EntryView.model_validate(entry) for entry in page.entries[:SAMPLE]],
            next_url=page.next_url,
            detail=detail,
        )


class PortalRuleView(View):
    model_config = ConfigDict(from_attributes=True)

    portal_id: str
    version: int
    rule: AnyRule
    created_at: AwareDatetime
    created_by: str
    trial: Trial | None = None

    @classmethod
    def of(cls, stored: PortalRule, trial: Trial | None = None) -> Self:
        return cls(**stored.model_dump(exclude={"rule"}), rule=rule_of(stored.rule), trial=trial)
