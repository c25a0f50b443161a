"""How packs are worded, which unit owes which of their items, and from when to when."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states


class PackVersionState(StrEnum):
    DRAFT = "draft"
    ADOPTED = "adopted"
    DROPPED = "dropped"


class PackVersion(Table, table=True):
    """A wording of a pack; the adopted one of the highest number is in force, and where there is
    none, that of the release. A pack has one draft at a time.
    """

    __tablename__ = "pack_version"
    __table_args__ = (
        known_states("state", PackVersionState),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(state = 'draft') = (decided_at IS NULL)", name="decided_or_draft"),
        CheckConstraint(
            "state <> 'adopted' OR NOT jsonb_exists(authors, decided_by)",
            name="adopted_by_another",
        ),
        Index(
            "uq_pack_version_draft",
            "pack_code",
            unique=True,
            postgresql_where=text("state = 'draft'"),
        ),
    )

    pack_code: str = Field(primary_key=True, max_length=32)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    state: PackVersionState = Field(
        default=PackVersionState.DRAFT, sa_type=enum_type(PackVersionState, length=16)
    )
    content: dict[str, Any] = Field(sa_type=JSONB)
    """All of the pack but its items (`schemas.PackContent`)."""
    items: list[dict[str, Any]] = Field(sa_type=JSONB)
    """Its items (`catalogue.schemas.ItemRow`), by code."""
    document: str = Field(max_length=200)
    """By which document it is worded so."""
    authors: list[str] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=Moment)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    version: int = 1


class PackUse(Table, table=True):
    """A pack is switched on for a unit: of the items that come anew for each period it owes those
    whose period ends within these days, and of those that it took over what ended within theirs.
    """

    __tablename__ = "pack_use"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_in_order"),
    )

    pack_code: str = Field(primary_key=True, max_length=32)
    unit_code: str = Field(
        primary_key=True, foreign_key="responsible_unit.code", index=True, max_length=32
    )
    item_codes: list[str] = Field(sa_type=JSONB)
    valid_from: date
    valid_to: date | None = None
    taken_over: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": "[]"}
    )
    """Of units that became part of it: `item_code`, `valid_from` and `valid_to` or none."""
    made_until: date | None = None
    """Of all periods that ended by then the duties are made; None: nobody has looked."""
    made_by: int | None = None
    """By which version of the catalogue that was looked at."""
    version: int = 1
    changed_at: datetime = Field(sa_type=Moment)
    changed_by: str = Field(max_length=100)

    @property
    def state(self) -> str:
        """What a refusal says of it."""
        return "switched_on" if self.valid_to is None else "ending"
