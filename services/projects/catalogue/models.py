"""What must be published: versions of the catalogue and their items, one column per meaning."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id

ITEM_CODE = r"^[A-Z]{2,3}-\d{2}(-\d{2})?$"


class DutyKind(StrEnum):
    """What the item asks for (the handbook's `duty_kind`)."""

    DEADLINE = "deadline"
    MIN_PERIOD = "min_period"
    MIN_PUBLICITY = "min_publicity"
    ASAP = "asap"
    REALTIME = "realtime"
    WITH_NOTICE = "with_notice"
    BEFORE_EVENT = "before_event"
    ANNUAL = "annual"


class DisclosureLimitUnit(StrEnum):
    WORKING_DAYS = "WD"
    CALENDAR_DAYS = "CD"
    AS_SOON_AS_POSSIBLE = "ASAP"
    REAL_TIME = "RT"
    WITH_NOTICE = "WITH_NOTICE"
    MONTH_DAY = "DATE"


class LicenceClass(StrEnum):
    """Whether the item is an administrative licence or penalty, which has 7 working days."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


class AudienceKind(StrEnum):
    EVERYONE = "everyone"
    GROUP = "group"
    INTERNAL = "internal"


class NotAuditable(StrEnum):
    """Why absence from the open web proves nothing, or no deadline exists to be missed."""

    AUDIENCE_IS_A_GROUP = "audience_is_a_group"
    PLACE_IS_NOT_ONLINE = "place_is_not_online"
    NOT_A_PUBLICATION = "not_a_publication"
    DURATION_NOT_DEADLINE = "duration_not_deadline"
    FOLLOWS_ANOTHER_NOTICE = "follows_another_notice"


class CatalogueVersion(Table, table=True):
    """One import of a catalogue file; the newest version is in force for new duties."""

    __tablename__ = "catalogue_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    title: str = Field(max_length=200)
    source_sha256: str = Field(max_length=64)
    imported_at: datetime = Field(sa_type=Moment)


class CatalogueItem(Table, table=True):
    """A duty to publish, as one catalogue version words it; duties keep the item that made them."""

    __tablename__ = "catalogue_item"
    __table_args__ = (
        UniqueConstraint("version", "item_code"),
        CheckConstraint("limit_value IS NULL OR limit_value >= 0", name="limit_not_negative"),
        CheckConstraint(
            "(limit_unit = 'DATE') = (month_day IS NOT NULL)", name="month_day_for_dates_only"
        ),
        CheckConstraint(
            "limit_unit NOT IN ('WD', 'CD') OR limit_value IS NOT NULL", name="days_are_counted"
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    version: int = Field(foreign_key="catalogue_version.version")
    item_code: str = Field(max_length=16)
    domain: str = Field(max_length=60)
    category_l1: str = Field(max_length=100)
    item_l2: str = Field(max_length=200)
    content_elements: list[str] = Field(sa_type=JSONB)
    body_types: list[str] = Field(sa_type=JSONB)
    clock_start_event: str = Field(max_length=100)
    duty_kind: DutyKind = Field(sa_type=enum_type(DutyKind, length=16))
    limit_value: int | None = None
    limit_unit: DisclosureLimitUnit = Field(sa_type=enum_type(DisclosureLimitUnit, length=16))
    month_day: str | None = Field(default=None, max_length=5)
    short_limit_wd: int | None = None
    clock: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """The clock as data (`calendar.clocks.from_data`), where the columns above do not say it all.
    Of items that a release before ours took over none: they are judged as they were until then."""
    licence: LicenceClass = Field(sa_type=enum_type(LicenceClass, length=16))
    licence_verified: bool
    channels: list[str] = Field(sa_type=JSONB)
    audience: list[str] = Field(sa_type=JSONB)
    audience_kind: AudienceKind = Field(sa_type=enum_type(AudienceKind, length=16))
    mode: str = Field(max_length=20)
    legal_basis: list[str] = Field(sa_type=JSONB)
    basis_verified: bool
    sources: list[str] = Field(sa_type=JSONB)
    notes: str = Field(default="", max_length=1000)
    not_auditable: NotAuditable | None = Field(
        default=None, sa_type=enum_type(NotAuditable, length=32)
    )
