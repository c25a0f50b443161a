"""Units and projects as people and programs send and read them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.calendar.schemas import REGION_CODE
from services.projects.register.models import PROJECT_CODE, UNIT_CODE, ApprovalKind, Phase
from shared.web.models import Input, View

ProjectCode = Annotated[str, Field(pattern=PROJECT_CODE, examples=["2408-359900-47-03-837832"])]
UnitCode = Annotated[str, Field(pattern=UNIT_CODE, examples=["D01"])]


Alias = Annotated[str, Field(min_length=2, max_length=300)]


class ProjectInput(Input):
    """A project; `version` is that of the one to change, null for a new one."""

    name: str = Field(min_length=2, max_length=300)
    aliases: list[Alias] | None = Field(
        None,
        max_length=20,
        description="网页上用过的别名、曾用名或曾用代码；不带则保持不变"
        " | Other names or codes that pages use for it; null leaves them as they are.",
        examples=[["宁川大桥", "2408-359900-47-03-837831"]],
    )
    approval_kind: ApprovalKind
    phase: Phase = Phase.APPROVAL
    lead_unit: str | None = Field(None, pattern=UNIT_CODE)
    scope_basis: str = Field(
        min_length=2, max_length=300, description="列入范围的依据 | Why it is in scope."
    )
    investment_10k_yuan: int | None = Field(None, ge=0, le=2_000_000_000)
    version: int | None = Field(None, ge=1)


class NamesConfirmation(Input):
    """The names of the project, as they are in the version that was looked at, count."""

    version: int = Field(ge=1, description="所见的版本 | The version you saw.", examples=[2])


class ImportRow(ProjectInput):
    """A line of an import file: a project, and the yearly list that it is on."""

    code: ProjectCode
    list_year: int | None = Field(None, ge=2000, le=2200)
    list_title: str | None = Field(None, min_length=2, max_length=200)


class PackageRow(ImportRow):
    """A project of an OC4IDS package, with what the package does not say of it: of a project that
    is known that stays as it is. `stage` is the standard's, which has several phases of ours;
    `not_taken` are the standard's fields that are not read."""

    unsaid: frozenset[str] = frozenset()
    stage: str | None = None
    not_taken: frozenset[str] = frozenset()


class ProjectView(View):
    """A project."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    aliases: list[str]
    names_confirmed: bool = Field(
        description="名称和别名是否都已生效；经办人改动的，待监察人员或管理员确认，此前据此找到的网页须人工核对"
        " | Whether its names all count. Those that an officer gave wait for an auditor or an"
        " administrator, and what is found by them for a person.",
    )
    approval_kind: ApprovalKind
    phase: Phase
    lead_unit: str | None = Field(validation_alias="lead_unit_code")
    scope_basis: str
    investment_10k_yuan: int | None
    version: int
    updated_at: AwareDatetime


class ImportResult(View):
    """What an import did, or would do."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int


class EmptiedField(View):
    """Something that is known of a project, and that the file leaves empty."""

    line: int = Field(description="文件中的行号 | The line of the file.")
    code: str = Field(description="项目代码 | The project.")
    field: str = Field(description="哪一列 | Which column.", examples=["lead_unit"])


class NotTaken(View):
    """A field of OC4IDS that projects of the file have and that is not taken over."""

    field: str = Field(description="标准中的字段 | The standard's field.", examples=["documents"])
    projects: int = Field(description="多少个项目有 | How many projects have it.")


class ProjectImportResult(ImportResult):
    """The same of projects."""

    renamed: int = Field(
        description="名称改变的项目数；OC4IDS 文件里的新名称待确认后生效"
        " | How many get another name. One from an OC4IDS file counts once it is confirmed."
    )
    emptied: list[EmptiedField] = Field(
        description="会被文件清空的内容，前一百处；OC4IDS 文件没有写的，保持不变"
        " | What the file empties, the first hundred. What an OC4IDS file does not say stays."
    )
    not_taken: list[NotTaken] = Field(
        description="OC4IDS 文件里有而不导入的字段：文件、节点、合同等，此处只登记项目"
        " | Fields of an OC4IDS file that are not taken over, such as documents, milestones and"
        " contracts: what is registered here are the projects."
    )
    without_unit: int = Field(
        description="没有牵头单位的项目数；OC4IDS 文件里的公共机构不在名录中的，也计在内"
        " | How many no unit leads; those of an OC4IDS file whose public authority is not"
        " registered here are among them."
    )


class ListView(View):
    """A yearly list that a project is on."""

    id: UUID
    year: int
    title: str
    doc_no: str | None


class UnitInput(Input):
    """A body that must publish; `version` is that of the one to change, null for a new one."""

    name: str = Field(
        min_length=2, max_length=200, description="全称 | Its name.", examples=["发展和改革委员会"]
    )
    name_en: str = Field("", max_length=200, description="英文名称 | Its name in English.")
    aliases: list[Annotated[str, Field(min_length=2, max_length=200)]] = Field(
        default_factory=list,
        max_length=50,
        description="网页和清单上的其他名称；一个名称只属于一个单位"
        " | Other names that pages and lists print; a name is one unit's only.",
        examples=[["发改委", "市发改委"]],
    )
    valid_from: date = Field(description="存在之日起 | Since when it exists.")
    valid_to: date | None = Field(None, description="撤并之日 | Until when, if it was dissolved.")
    region: str | None = Field(
        None,
        pattern=REGION_CODE,
        description="所在地区，见 GET /calendar/regions；不带则保持不变，新单位为全国"
        " | Its region; GET /calendar/regions lists them. Null leaves it as it is, of a new unit"
        " it is the nation.",
        examples=["CN-33"],
    )
    version: int | None = Field(None, ge=1, description="所见的版本 | The version you saw.")


class UnitImportRow(Input):
    """A line of an import file of units."""

    code: str = Field(pattern=UNIT_CODE)
    name: str = Field(min_length=2, max_length=200)
    name_en: str = Field("", max_length=200)
    aliases: list[Annotated[str, Field(min_length=2, max_length=200)]] = Field(
        default_factory=list, max_length=50
    )
    valid_from: date
    valid_to: date | None = None
    region: str | None = Field(None, pattern=REGION_CODE)
    version: int | None = Field(None, ge=1)


class UnitView(View):
    """A body that must publish."""

    code: str
    name: str
    name_en: str
    aliases: list[str]
    valid_from: date
    valid_to: date | None
    region: str = Field(description="所在地区 | Its region.")
    successor_code: str | None = Field(
        description="已并入的，现由哪个单位承接 | Of one that merged, which unit stands for it."
    )
    version: int
