"""Packs as people and programs read them, and the units for which they are switched on."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.catalogue.schemas import ItemCode, ItemRow
from services.projects.packs.models import PackVersionState
from services.projects.register.models import Phase
from shared.web.models import Input, View, Words, old_name_of


class PackSubject(StrEnum):
    """What a duty of a pack is about: a project, a unit's year, or a document."""

    PROJECT = "project"
    UNIT_YEAR = "unit_year"
    DOCUMENT = "document"


class LegalSource(Input):
    """A law or a document that a pack rests on."""

    title: str = Field(min_length=2, max_length=200)
    doc_no: str = Field(min_length=2, max_length=100)
    article: str | None = Field(None, min_length=2, max_length=200)


PackTerm = Annotated[str, Field(min_length=1, max_length=100)]


class PackContent(Input):
    """What a pack is, but for its items."""

    model_config = ConfigDict(frozen=True)

    zh: str = Field(min_length=2, max_length=60, description="中文名称 | Its name in Chinese.")
    en: str = Field(min_length=2, max_length=100, description="英文名称 | Its name in English.")
    domain: str = Field(
        min_length=1,
        max_length=60,
        description="所属领域，其事项均属此领域 | The domain of its items.",
    )
    about: PackSubject = Field(
        description="就什么产生义务：项目、单位的年度或文件"
        " | What its duties are about: a project, a unit's year, or a document."
    )
    channels: list[PackTerm] = Field(max_length=30, description="公开渠道 | Where it is published.")
    forms: list[PackTerm] = Field(
        default_factory=list, max_length=30, description="公开形式 | The forms it takes."
    )
    sources: list[LegalSource] = Field(
        min_length=1, max_length=30, description="依据的法规和文件 | The law that it rests on."
    )
    phases: dict[Phase, list[Annotated[str, Field(pattern=r"^[A-Z]{2,3}(-[0-9]{2}){0,2}$")]]] = (
        Field(
            default_factory=dict,
            description="各阶段的事项代码或其开头 | Of each phase its items, or how they begin.",
        )
    )


class Pack(PackContent):
    """A pack as its file words it."""

    code: str


class PackView(View):
    """A pack: one domain of disclosure."""

    code: str
    name: Words
    about: PackSubject
    number: int = Field(description="现行的是第几版 | Which version of it is in force.")
    items: int = Field(description="事项数 | How many items it has.")
    adopted: bool = Field(
        description="现行目录是否与之一致 | Whether the catalogue in force words all of them so."
    )


class PackItemView(View):
    """An item of a pack."""

    item_code: str
    item_name: str
    phase: Phase | None = Field(description="所属阶段；不分阶段的为空 | The phase that owes it.")
    clock: Words = Field(description="期限的文字表述 | Its clock in words.")
    elements: list[str] = Field(description="必备要素 | What must be in it.")
    channels: list[str] = Field(description="公开渠道 | Where it is published.")
    legal_basis: list[str]
    basis_verified: bool
    periodic: bool = Field(description="是否按周期产生 | Whether it comes anew for each period.")
    not_auditable: str | None

    @old_name_of("channels")
    def carriers(self) -> list[str]:
        """The same."""
        return self.channels


class PackDetail(PackView):
    """A pack with its items, its law and the phases that owe them."""

    sources: list[LegalSource]
    channels: list[str]
    forms: list[str]
    contents: list[PackItemView]

    @old_name_of("channels")
    def carriers(self) -> list[str]:
        """The same."""
        return self.channels


class PackUseInput(Input):
    """Switch a pack on for a unit, or change that; `version` is that of the one to change."""

    item_codes: list[ItemCode] = Field(
        max_length=200,
        description="该单位按周期应公开的事项 | The periodic items that the unit owes.",
        examples=[["PW-12"]],
    )
    valid_from: date = Field(description="自何日起 | Since when.", examples=["2026-01-01"])
    valid_to: date | None = Field(None, description="至何日止 | Until when, if it ends.")
    version: int | None = Field(None, ge=1, description="所见的版本 | The version you saw.")


class PackItemTakenOver(View):
    """An item that a unit owes for another one that became part of it."""

    item_code: str
    valid_from: date
    valid_to: date | None


class PackUseView(View):
    """A pack as it is switched on for a unit."""

    model_config = ConfigDict(from_attributes=True)

    pack_code: str
    unit_code: str
    item_codes: list[str]
    valid_from: date
    valid_to: date | None
    taken_over: list[PackItemTakenOver] = Field(
        description="由并入的单位带来、接续按周期公开的事项"
        " | Items that it goes on with for units that became part of it."
    )
    version: int


class PackDraftInput(Input):
    """A draft of the next version of a pack; `content` is needed for a pack that is new."""

    document: str = Field(
        min_length=2,
        max_length=200,
        description="依据的文件名或文号 | The document by which it is worded otherwise.",
        examples=["宁政办发〔2026〕21号"],
    )
    content: PackContent | None = Field(
        None,
        description="名称、渠道、依据等；不带则沿用现行版本"
        " | Names, channels, law and so on; null keeps those of the version in force.",
    )


class PackItemInput(Input):
    """An item of the draft as it shall be."""

    item: ItemRow = Field(description="事项的全部内容 | All that the item says.")
    version: int = Field(ge=1, description="所见的版本 | The version you saw.")


class PackVersionSeen(Input):
    """The draft, as it is in the version that was looked at, is adopted, dropped or shortened."""

    version: int = Field(ge=1, description="所见的版本 | The version you saw.")


class PackVersionView(View):
    """A wording of a pack, without its items."""

    model_config = ConfigDict(from_attributes=True)

    pack_code: str
    number: int = Field(description="第几版 | Which version of the pack it is.")
    state: PackVersionState
    document: str
    authors: list[str] = Field(description="起草人 | Who wrote it.")
    created_at: AwareDatetime
    decided_at: AwareDatetime | None
    decided_by: str | None
    version: int


class PackChanges(View):
    """In which items a wording differs from the one in force."""

    added: list[str] = Field(description="新增的事项 | Items that are new.")
    changed: list[str] = Field(description="有改动的事项 | Items that are worded otherwise.")
    removed: list[str] = Field(description="去掉的事项 | Items that are left out.")


class PackVersionDetail(PackVersionView):
    """A wording of a pack with its items."""

    content: PackContent
    contents: list[ItemRow] = Field(description="各事项 | Its items.")
    changes: PackChanges = Field(
        description="与现行版本的差别 | How it differs from the version in force."
    )


class PeriodOwed(View):
    """Duties that come of periods that are over already."""

    item_code: str
    unit_code: str
    periods: list[str] = Field(description="哪些周期 | Of which periods.")


class PackAdoption(View):
    """What the adoption of a version does, or would do."""

    dry_run: bool
    pack_code: str
    number: int
    changes: PackChanges = Field(
        description="与此前现行版本的差别 | How it differs from the version in force before."
    )
    catalogue_version: int = Field(
        description="目录的版本 | The version of the catalogue that words it so."
    )
    duties: int = Field(
        description="已终了的周期随之产生的公开义务数 | Duties that come of periods already over."
    )
    owed: list[PeriodOwed] = Field(
        description="这些义务属于哪些单位和周期（前200项） | Whose they are, and of which periods;"
        " the first 200."
    )
    no_longer_made: list[PeriodOwed] = Field(
        description="不再按周期产生的事项，已产生的义务不变"
        " | Items that no longer come for each period; duties that are made stay."
    )
