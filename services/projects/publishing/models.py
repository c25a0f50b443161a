"""What units register before and when they publish, and on which carriers a duty is to appear."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class CarrierKind(StrEnum):
    """What a unit publishes by (国办发〔2019〕28号 and the units' own catalogues)."""

    SITE = "site"
    GAZETTE = "gazette"
    WECHAT = "wechat"
    MICROBLOG = "microblog"
    PRESS = "press"
    BROADCAST = "broadcast"
    SCREEN = "screen"
    OTHER = "other"


class Carrier(Table, table=True):
    """A place of publication. Only what stands on a statutory one ends a duty's clock.

    `must_for` are catalogue items, or how their codes begin, that must appear on it; `*` is all.
    """

    __tablename__ = "carrier"
    __table_args__ = (
        Index(
            "uq_carrier_portal_id",
            "portal_id",
            unique=True,
            postgresql_where=text("portal_id IS NOT NULL"),
        ),
    )

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=100)
    name_en: str = Field(max_length=100)
    kind: CarrierKind = Field(sa_type=enum_type(CarrierKind, length=16))
    unit_code: str | None = Field(default=None, foreign_key="responsible_unit.code", max_length=32)
    """Whose it is; None: every unit publishes there."""
    portal_id: str | None = Field(default=None, foreign_key="portal.id", max_length=40)
    """The column that the collector reads; None: only people can look."""
    is_statutory: bool
    must_for: list[str] = Field(default_factory=list, sa_type=JSONB)
    enabled: bool = True
    updated_at: datetime = Field(sa_type=Moment)
    version: int = 1

    @property
    def state(self) -> str:
        """What a refusal says of it."""
        return "enabled" if self.enabled else "disabled"


class ReleaseOrigin(StrEnum):
    """How a release came into the register."""

    REGISTER = "register"
    """Drafted, checked and approved here."""
    PUSH = "push"
    """Reported by another system, which has its own approval."""
    HAND = "hand"
    """Entered by an officer after it was published."""


class RegisteredReleaseState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    CONTRADICTED = "contradicted"
    DISMISSED = "dismissed"


_ONLINE = "('released', 'verified', 'unverified', 'contradicted')"


class RegisteredRelease(Table, table=True):
    """An entry of the release register: one document that a unit publishes (先审后发).

    What it is about is kept as the unit names it, because a push may come before its project or its
    duty is known here.
    """

    __tablename__ = "registered_release"
    __table_args__ = (
        known_states("state", RegisteredReleaseState),
        CheckConstraint(
            "checked_by IS NULL OR NOT jsonb_exists(authors, checked_by)",
            name="checked_by_another",
        ),
        CheckConstraint(
            "approved_by IS NULL"
            " OR NOT jsonb_exists(authors, approved_by) AND approved_by <> checked_by",
            name="approved_by_another",
        ),
        CheckConstraint(
            "(approved_at IS NULL) = (register_no IS NULL)", name="approved_has_number"
        ),
        CheckConstraint(
            f"state NOT IN {_ONLINE} OR released_at IS NOT NULL", name="released_has_moment"
        ),
        UniqueConstraint("unit_code", "register_year", "register_seq"),
        UniqueConstraint("created_by", "push_sha256"),
        Index("ix_registered_release_subject", "unit_code", "item_code", "project_code"),
        Index("ix_registered_release_unit_code_id", "unit_code", "id"),
        Index(
            "ix_registered_release_to_verify",
            "id",
            postgresql_where=text("state IN ('released', 'unverified')"),
        ),
        Index(
            "ix_registered_release_planned_at",
            "planned_at",
            postgresql_where=text("planned_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_code: str = Field(foreign_key="responsible_unit.code", max_length=32)
    item_code: str = Field(max_length=16)
    project_code: str | None = Field(default=None, max_length=24)
    duty_id: UUID | None = Field(default=None, foreign_key="duty.id", index=True)
    subject: str | None = Field(default=None, max_length=200)
    """What it is about besides, or instead of, a project, as the duty names it."""
    doc_no: str | None = Field(default=None, max_length=100)
    title: str = Field(max_length=300)
    origin: ReleaseOrigin = Field(sa_type=enum_type(ReleaseOrigin, length=16))
    state: RegisteredReleaseState = Field(sa_type=enum_type(RegisteredReleaseState, length=16))
    created_at: datetime = Field(sa_type=Moment)
    created_by: str = Field(max_length=100)
    authors: list[str] = Field(default_factory=list, sa_type=JSONB)
    """Everybody who wrote, changed or submitted it: none of them checks or approves it."""
    planned_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it is meant to go out. It reminds, and releases nothing by itself."""
    checked_at: datetime | None = Field(default=None, sa_type=Moment)
    checked_by: str | None = Field(default=None, max_length=100)
    check_basis: str | None = Field(default=None, max_length=300)
    """By what the confidentiality check (保密审查) found that it may be published."""
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    approved_by: str | None = Field(default=None, max_length=100)
    register_year: int | None = None
    register_seq: int | None = None
    register_no: str | None = Field(default=None, max_length=50)
    """The registration number (登记备案号)."""
    rejection: str | None = Field(default=None, max_length=500)
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it went out by the word of whoever reports it."""
    released_at: datetime | None = Field(default=None, sa_type=Moment)
    """When we were told so, by our own clock: nothing is believed of the time before."""
    released_by: str | None = Field(default=None, max_length=100)
    verified_at: datetime | None = Field(default=None, sa_type=Moment)
    verified_by: str | None = Field(default=None, max_length=100)
    verification: str | None = Field(default=None, max_length=500)
    """What a person who verified it by hand has looked at."""
    document: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Name, kind, size and sha256 of the document that is published, once it was uploaded."""
    push_sha256: str | None = Field(default=None, max_length=64)
    signed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its source signed the push, the last time that it came; None: nobody signed it."""
    version: int = 1


class ReleasePlace(Table, table=True):
    """Where a release stands: on a carrier, or at an address on one of the unit's own columns."""

    __tablename__ = "release_place"
    __table_args__ = (
        UniqueConstraint("release_id", "carrier_code", "url", postgresql_nulls_not_distinct=True),
        CheckConstraint("carrier_code IS NOT NULL OR url IS NOT NULL", name="is_somewhere"),
        Index("ix_release_place_url", "url"),
        Index("ix_release_place_is_new", "id", postgresql_where=text("is_new")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    release_id: UUID = Field(foreign_key="registered_release.id")
    carrier_code: str | None = Field(default=None, foreign_key="carrier.code", max_length=32)
    url: str | None = Field(default=None, max_length=800)
    seen_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the collector found it there, or a person who verified it by hand did."""
    page_id: UUID | None = None
    """Without a reference, which locks the page: the matcher locks it before all else."""
    is_new: bool = True
    """The pages at its address have still to be looked through again."""
