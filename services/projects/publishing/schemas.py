"""The release register and carriers as people and programs send and read them."""

from typing import Annotated
from urllib.parse import urldefrag
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from services.projects.catalogue.schemas import ItemCode
from services.projects.portals.models import PORTAL_ID
from services.projects.portals.schemas import WebAddress
from services.projects.publishing.models import (
    CarrierKind,
    RegisteredReleaseState,
    ReleaseOrigin,
)
from services.projects.register.schemas import ProjectCode, UnitCode
from shared.errors import Text
from shared.web.models import Input, Prose, View

LARGEST_BODY = 13_400_000
"""Bytes of the largest document in Base64, with what is around it."""
CARRIER_CODE = r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$"
CarrierCode = Annotated[str, Field(pattern=CARRIER_CODE, examples=["city-portal"])]
CataloguePart = Annotated[str, Field(pattern=r"^(\*|[A-Z]{2,3}(-\d{2}){0,2})$", examples=["MP-02"])]
_NOWHERE = Text(
    "请写明载体或网址，至少其一", "Please say on which carrier or at which address, or both"
)


class CarrierInput(Input):
    """A carrier as it shall be."""

    name: str = Field(min_length=2, max_length=100)
    name_en: str = Field(min_length=2, max_length=100)
    kind: CarrierKind
    unit_code: UnitCode | None = Field(
        None, description="属于哪个单位；各单位共用的为空 | Whose it is; null for a common one."
    )
    portal_id: Annotated[str, Field(pattern=PORTAL_ID)] | None = Field(
        None, description="对应的采集栏目；不能采集的为空 | The column that is read, if any."
    )
    is_statutory: bool = Field(
        description="是否法定载体，首次刊载即停止计时 | Whether what stands there ends the clock."
    )
    must_for: list[CataloguePart] = Field(
        default_factory=list,
        max_length=100,
        description="哪些事项必须在此公开，可写编号开头，* 为全部"
        " | Items that must appear there, or how their codes begin; * for all.",
    )
    enabled: bool = True
    version: int | None = Field(
        None, ge=1, description="读到的版本号，新登记为空 | The version you read; null if new."
    )


class CarrierView(View):
    """A place of publication."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    name_en: str
    kind: CarrierKind
    unit_code: str | None
    portal_id: str | None
    is_statutory: bool
    must_for: list[str]
    enabled: bool
    updated_at: AwareDatetime
    version: int


class PlaceInput(Input):
    """Where a document stands: on a carrier, at an address, or both."""

    carrier_code: CarrierCode | None = None
    url: WebAddress | None = None

    @field_validator("url")
    @classmethod
    def _is_a_whole_page(cls, url: str | None) -> str | None:
        return url and urldefrag(url).url

    @model_validator(mode="after")
    def _is_somewhere(self) -> "PlaceInput":
        if self.carrier_code is None and self.url is None:
            raise ValueError(_NOWHERE)
        return self


class ReleaseSubject(Prose):
    """What a document is about, and what it is called."""

    unit_code: UnitCode
    item_code: ItemCode
    project_code: ProjectCode | None = Field(
        None, description="所属项目；不属于项目的为空 | Its project; null if it has none."
    )
    subject: str | None = Field(
        None,
        min_length=2,
        max_length=200,
        description="不属于项目的，写明所针对的事项，与公开义务的写法一致；项目、事项、义务和文号都没写的，只作登记，"
        "不计入任何一项义务"
        " | What it is about where it is no project, in the words of the duty. What names neither"
        " project, subject, duty nor number is kept, and counts for no duty.",
        examples=["2026年部门预算"],
    )
    duty_id: UUID | None = Field(
        None, description="所履行的公开义务，可不填 | The duty that it fulfils, if you know it."
    )
    doc_no: str | None = Field(None, min_length=1, max_length=100, description="文号 | Number.")
    title: str = Field(min_length=4, max_length=300, description="标题 | Title.")


class PushedPublication(ReleaseSubject):
    """A document that was published, as another system or an officer reports it."""

    places: list[PlaceInput] = Field(min_length=1, max_length=20)
    published_at: AwareDatetime = Field(
        description="发布时间；早于我方收到时间的不予采信，转人工核对"
        " | When it went out. A time before we are told is not believed: a person looks at it."
    )


class ReleaseDraft(ReleaseSubject):
    """A document that is to be published."""

    planned_at: AwareDatetime | None = Field(
        None, description="计划发布时间，只作提醒 | When it is meant to go out: a reminder only."
    )


class SecrecyCheck(Prose):
    """That the confidentiality check found nothing that must be kept back."""

    basis: str = Field(
        min_length=2,
        max_length=300,
        description="保密审查意见和依据 | What the check went by.",
        examples=["已按政府信息公开保密审查制度审查，不涉及国家秘密、商业秘密和个人隐私"],
    )


class ReleaseRemark(Prose):
    """A step with its reason."""

    reason: str = Field(min_length=2, max_length=500, description="理由或说明 | Why.")


class ReleaseVerification(ReleaseRemark):
    """What a person has looked at, and at which of the places."""

    places: list[PlaceInput] | None = Field(
        None,
        min_length=1,
        max_length=20,
        description="看过并见到的载体、网址，与登记的写法一致；只有一处的可不填"
        " | Where it was looked for and found, as registered; may be left out where there is one.",
    )


class ReleaseOrder(Input):
    """That the document is out, and where."""

    places: list[PlaceInput] = Field(min_length=1, max_length=20)


class ReleaseUpload(Prose):
    """The document itself, in Base64."""

    name: str = Field(min_length=1, max_length=200, description="文件名 | The document's name.")
    content: str = Field(
        min_length=8,
        max_length=LARGEST_BODY,
        description="文件内容（Base64）：PDF、OFD、DOCX、XLSX、JPEG 或 PNG，不超过 10 MB"
        " | In Base64: PDF, OFD, DOCX, XLSX, JPEG or PNG, 10 MB at most.",
    )


class ReleasePlaceView(View):
    """A place of a release, and when it was found there."""

    model_config = ConfigDict(from_attributes=True)

    carrier_code: str | None
    url: str | None
    seen_at: AwareDatetime | None = Field(
        description="何时在此核实 | When it was found there; null while it was not."
    )


class ReleaseDocument(View):
    """The document that is published, by its bytes."""

    name: str
    kind: str = Field(description="文件种类，按首字节判断 | What it is, by its first bytes.")
    size: int
    sha256: str


class RegisteredReleaseView(View):
    """An entry of the release register."""

    id: UUID
    unit_code: str
    item_code: str
    project_code: str | None
    subject: str | None = Field(description="项目以外的对象 | What it is about besides a project.")
    duty_id: UUID | None
    doc_no: str | None
    title: str
    origin: ReleaseOrigin = Field(
        description="来源：在此审批、系统报送或人工补录"
        " | Approved here, reported by another system, or entered by hand."
    )
    state: RegisteredReleaseState
    created_at: AwareDatetime
    created_by: str
    authors: list[str] = Field(description="参与起草的账号 | The accounts that wrote it.")
    planned_at: AwareDatetime | None
    checked_at: AwareDatetime | None
    checked_by: str | None
    check_basis: str | None
    approved_at: AwareDatetime | None
    approved_by: str | None
    register_no: str | None = Field(description="登记备案号 | The registration number.")
    rejection: str | None = Field(description="退回的理由 | Why it was sent back.")
    claimed_at: AwareDatetime | None = Field(
        description="报送方自称的发布时间 | When it went out, by their own word."
    )
    released_at: AwareDatetime | None = Field(
        description="我方得知的时间，此前的不予采信"
        " | When we were told, by our clock: nothing before it is believed."
    )
    signed_at: AwareDatetime | None = Field(
        description="报送系统签名的时间；没有签名的为空，可信度较低"
        " | When its source signed the push; null: it was not signed, and is trusted less."
    )
    verified_at: AwareDatetime | None
    verified_by: str | None
    verification: str | None = Field(description="人工核实的说明 | What a person looked at.")
    places: list[ReleasePlaceView]
    document: ReleaseDocument | None
    version: int


class DutyCarrierView(View):
    """A carrier on which a duty may appear, and since when it does."""

    code: str
    name: str
    name_en: str
    kind: CarrierKind
    is_statutory: bool
    is_must: bool = Field(description="是否必须在此公开 | Whether it must appear there.")
    reached_at: AwareDatetime | None = Field(
        description="何时在此见到；未见到的为空 | When it was found there; null while it was not."
    )


class DutyCarriers(View):
    """On which carriers a duty appears: its coverage is `reached` of `must`."""

    must: int = Field(description="必须公开的载体数 | On how many carriers it must appear.")
    reached: int = Field(description="其中已公开的载体数 | On how many of those it does.")
    carriers: list[DutyCarrierView]
