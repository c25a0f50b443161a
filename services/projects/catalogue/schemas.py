"""The catalogue as people and programs read it, and a row of the file it is imported from."""

from pydantic import ConfigDict, Field

from services.projects.catalogue.models import (
    AudienceKind,
    DisclosureLimitUnit,
    DutyKind,
    LicenceClass,
    NotAuditable,
)
from shared.web.models import Input


class ItemRow(Input):
    """One row of a catalogue file, its mixed text values split into one value per column."""

    model_config = ConfigDict(frozen=True)

    item_code: str = Field(pattern=r"^[A-Z]{2,3}-\d{2}(-\d{2})?$", max_length=16)
    domain: str = Field(min_length=1, max_length=60)
    category_l1: str = Field(min_length=1, max_length=100)
    item_l2: str = Field(min_length=1, max_length=200)
    content_elements: list[str]
    body_types: list[str]
    clock_start_event: str = Field(min_length=1, max_length=100)
    duty_kind: DutyKind
    limit_value: int | None = Field(ge=0, le=3660)
    limit_unit: DisclosureLimitUnit
    month_day: str | None = Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
    short_limit_wd: int | None = Field(gt=0, le=366)
    licence: LicenceClass
    licence_verified: bool
    channels: list[str]
    audience: list[str]
    audience_kind: AudienceKind
    mode: str = Field(max_length=20)
    legal_basis: list[str]
    basis_verified: bool
    sources: list[str]
    notes: str = Field(max_length=1000)
    not_auditable: NotAuditable | None


class CatalogueItemView(ItemRow):
    """An item of the catalogue in force."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    version: int = Field(description="目录版本 | Version of the catalogue that words it so.")
