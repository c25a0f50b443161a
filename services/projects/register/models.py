"""Who must publish (公开主体) and about which projects."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.calendar.models import NATIONAL
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id

UNIT_CODE = r"^[A-Z0-9][A-Z0-9-]{0,31}$"
PROJECT_CODE = r"^(\d{4}-\d{6}-\d{2}-\d{2}-\d{6}|oc4ids-[a-z0-9]{6}-[A-Za-z0-9_-]{1,50})$"
"""The unified code; of a project from elsewhere that has none, its OC4IDS id."""
LONGEST_CODE = 64


class ApprovalKind(StrEnum):
    """How government lets a project begin: 审批, 核准, 备案."""

    EXAMINE = "examine"
    CONFIRM = "confirm"
    FILE = "file"


class Phase(StrEnum):
    """Where in its life a project stands."""

    APPROVAL = "approval"
    BIDDING = "bidding"
    CONSTRUCTION = "construction"
    COMPLETED = "completed"


class UnitState(StrEnum):
    """Whether a body is there, has ended by itself, or is part of another now."""

    REGISTERED = "registered"
    ENDED = "ended"
    MERGED = "merged"


class ResponsibleUnit(Table, table=True):
    """A body that must publish; `code` also scopes its events, so it is a NATS-safe token."""

    __tablename__ = "responsible_unit"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_in_order"),
        Index("ix_responsible_unit_match_wanted", "code", postgresql_where=text("match_wanted")),
        Index(
            "ix_responsible_unit_successor_code",
            "successor_code",
            postgresql_where=text("successor_code IS NOT NULL"),
        ),
    )

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)
    name_en: str = Field(default="", max_length=200)
    valid_from: date
    valid_to: date | None = None
    match_wanted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Its names have changed since pages were last matched by them."""
    successor_code: str | None = Field(
        default=None, foreign_key="responsible_unit.code", max_length=32
    )
    """Of which unit it is a part now, at the end of a chain of mergers."""
    region: str = Field(
        default=NATIONAL,
        foreign_key="region.code",
        max_length=16,
        sa_column_kwargs={"server_default": NATIONAL},
    )
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})

    @property
    def state(self) -> UnitState:
        """What a refusal says of it."""
        if self.successor_code is not None:
            return UnitState.MERGED
        return UnitState.REGISTERED if self.valid_to is None else UnitState.ENDED


class UnitAlias(Table, table=True):
    """Another name of a unit, as pages and lists print it; a name means one unit only."""

    __tablename__ = "unit_alias"

    alias: str = Field(primary_key=True, max_length=200)
    unit_code: str = Field(foreign_key="responsible_unit.code", index=True, max_length=32)


class Project(Table, table=True):
    """A major construction project under its unified code (项目统一代码)."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint(
            "investment_10k_yuan IS NULL OR investment_10k_yuan >= 0",
            name="investment_not_negative",
        ),
        Index("ix_project_name", "name"),
        Index("ix_project_aliases", "aliases", postgresql_using="gin"),
        Index("ix_project_match_wanted", "code", postgresql_where=text("match_wanted")),
    )

    code: str = Field(primary_key=True, max_length=LONGEST_CODE)
    name: str = Field(max_length=300)
    aliases: list[str] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    """Other names and codes of the project, as pages print them."""
    approval_kind: ApprovalKind = Field(sa_type=enum_type(ApprovalKind, length=16))
    phase: Phase = Field(default=Phase.APPROVAL, sa_type=enum_type(Phase, length=16))
    lead_unit_code: str | None = Field(
        default=None, foreign_key="responsible_unit.code", max_length=32
    )
    scope_basis: str = Field(max_length=300)
    """Why the project is in scope: local lists decide, so this is data (国办发〔2017〕94号)."""
    investment_10k_yuan: int | None = None
    match_wanted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Its names have changed since its duties were last matched with pages."""
    confirmed_names: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """The names and codes that count until those that an officer gave are confirmed; None: all do.

    What only an unconfirmed name ties to a page is for a person: a unit clears no finding itself.
    """
    names_since: datetime | None = Field(default=None, sa_type=Moment)
    """Since when the names that count are as they are: walks before it knew others."""
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)

    @property
    def names_confirmed(self) -> bool:
        """Whether all of its names count."""
        return self.confirmed_names is None


class ProjectList(Table, table=True):
    """A yearly list of key projects, with the document that carries it."""

    __tablename__ = "project_list"
    __table_args__ = (UniqueConstraint("year", "title"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    year: int
    title: str = Field(max_length=200)
    doc_no: str | None = Field(default=None, max_length=100)


class ProjectListMember(Table, table=True):
    """`project_code` is on the list of that year."""

    __tablename__ = "project_list_member"

    list_id: UUID = Field(foreign_key="project_list.id", primary_key=True)
    project_code: str = Field(foreign_key="project.code", primary_key=True, max_length=LONGEST_CODE)
