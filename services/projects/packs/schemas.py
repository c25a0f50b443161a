"""Packs as people and programs read them, and the units for which they are switched on."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from services.projects.calendar.schemas import Note
from services.projects.register.models import Phase
from shared.web.models import Input, View

PackItemCode = Annotated[str, Field(pattern=r"^[A-Z]{2,3}-\d{2}(-\d{2})?$", examples=["PW-12"])]


class PackSubject(StrEnum):
    """What a duty of a pack is about: a project, a unit's year, or a document."""

    PROJECT = "project"
    UNIT_YEAR = "unit_year"
    DOCUMENT = "document"


class LegalSource(View):
    """A law or a document that a pack rests on."""

    title: str
    doc_no: str
    article: str | None = None


class Pack(View):
    """A pack as its file words it."""

    model_config = ConfigDict(frozen=True)

    code: str
    zh: str
    en: str
    domain: str
    about: PackSubject
    carriers: list[str]
    forms: list[str] = Field(default_factory=list)
    sources: list[LegalSource]
    phases: dict[Phase, list[str]] = Field(default_factory=dict)


class PackView(View):
    """A pack: one domain of disclosure."""

    code: str
    name: Note
    about: PackSubject
    items: int = Field(description="事项数 | How many items it has.")
    adopted: bool = Field(
        description="现行目录是否与之一致 | Whether the catalogue in force words all of them so."
    )


class PackItemView(View):
    """An item of a pack."""

    item_code: str
    item_name: str
    phase: Phase | None = Field(description="所属阶段；不分阶段的为空 | The phase that owes it.")
    clock: Note = Field(description="期限的文字表述 | Its clock in words.")
    elements: list[str] = Field(description="必备要素 | What must be in it.")
    carriers: list[str] = Field(description="公开渠道 | Where it is published.")
    legal_basis: list[str]
    basis_verified: bool
    periodic: bool = Field(description="是否按周期产生 | Whether it comes anew for each period.")
    not_auditable: str | None


class PackDetail(PackView):
    """A pack with its items, its law and the phases that owe them."""

    sources: list[LegalSource]
    carriers: list[str]
    forms: list[str]
    contents: list[PackItemView]


class PackUseInput(Input):
    """Switch a pack on for a unit, or change that; `version` is that of the one to change."""

    item_codes: list[PackItemCode] = Field(
        max_length=200,
        description="该单位按周期应公开的事项 | The periodic items that the unit owes.",
        examples=[["PW-12"]],
    )
    valid_from: date = Field(description="自何日起 | Since when.", examples=["2026-01-01"])
    valid_to: date | None = Field(None, description="至何日止 | Until when, if it ends.")
    version: int | None = Field(None, ge=1, description="所见的版本 | The version you saw.")


class PackUseView(View):
    """A pack as it is switched on for a unit."""

    model_config = ConfigDict(from_attributes=True)

    pack_code: str
    unit_code: str
    item_codes: list[str]
    valid_from: date
    valid_to: date | None
    version: int
