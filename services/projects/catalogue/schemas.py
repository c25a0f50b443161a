"""The catalogue as people and programs read it, and a row of the file it is imported from."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from services.projects.catalogue.models import (
    ITEM_CODE,
    AudienceKind,
    DisclosureLimitUnit,
    DutyKind,
    LicenceClass,
    NotAuditable,
)
from shared.web.models import Input, View

ItemCode = Annotated[str, Field(pattern=ITEM_CODE, examples=["MP-02-01"])]


class ItemRow(Input):
    """One row of a catalogue file, its mixed text values split into one value per column."""

    model_config = ConfigDict(frozen=True)

    item_code: str = Field(pattern=ITEM_CODE, max_length=16)
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
    clock: dict[str, Any] | None = Field(
        None,
        description="期限种类和天数说不全的期限，如公示期 | The clock, where kind and number do not"
        " say all of it, such as a time on display.",
        examples=[{"kind": "min_display", "n": 3, "counted_in": "calendar_days"}],
    )
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


class FileLine(Input):
    """A line of a catalogue file as it stands there; what its columns mean, `rules.split` says."""

    item_code: str
    domain: str
    category_l1: str
    item_l2: str
    content_elements: str
    responsible_body_type: str
    clock_start_event: str
    duty_kind: str
    limit_value: str = ""
    limit_unit: str
    short_limit_if_licence_or_penalty_WD: str = ""
    is_licence_or_penalty: str
    channels: str
    audience: str
    mode: str
    legal_basis: str = ""
    basis_status: str = ""
    source: str = ""
    notes: str = ""
    clock: str = ""


class CatalogueImport(View):
    """What an import of a catalogue did, or would do."""

    dry_run: bool
    version: int = Field(
        description="现行目录的版本；试运行时为将成为的版本"
        " | The version in force; of a dry run the one that it would be."
    )
    rows: int
    created: int = Field(description="新增的事项 | Items that are new.")
    updated: int = Field(description="有改动的事项 | Items that are worded otherwise.")
    unchanged: int
    removed: list[str] = Field(
        description="新目录不再列入的事项 | Items that the new catalogue leaves out.",
        examples=[["MP-01-02"]],
    )


class CatalogueItemView(ItemRow):
    """An item of the catalogue in force."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    version: int = Field(description="目录版本 | Version of the catalogue that words it so.")
