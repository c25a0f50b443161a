"""Where units publish on the web, whether it can be read, and the rules to read it by."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, Computed, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.reading.faults import Fault
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states

HOST = (
    "coalesce(regexp_replace(lower(substring(start_url, '^[a-zA-Z]+://([^/?#]+)')),"
    " '[.]?(:(80|443))?$', ''), '')"
)
"""The host and port of an address, without the usual ports: who is asked, over http or https."""

PORTAL_ID = r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$"


class PortalHealth(StrEnum):
    """Whether the last run could read the portal."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Portal(Table, table=True):
    """A column of a web site on which one unit publishes; `id` also names its evidence chain."""

    __tablename__ = "portal"
    __table_args__ = (
        CheckConstraint("interval_ms >= 0", name="interval_not_negative"),
        CheckConstraint("every_minutes > 0", name="schedule_positive"),
        CheckConstraint("has_list OR NOT enabled", name="walked_by_its_list"),
        CheckConstraint("(health = 'down') = (fault IS NOT NULL)", name="fault_when_down"),
        known_states("health", PortalHealth),
        Index("ix_portal_due", "next_run_at", postgresql_where=text("enabled")),
        Index("ix_portal_host", "host", "next_run_at", postgresql_where=text("enabled")),
        Index("ix_portal_without_list", "id", postgresql_where=text("NOT has_list")),
        Index("ix_portal_match_wanted", "id", postgresql_where=text("match_wanted")),
    )

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=200)
    unit_code: str = Field(foreign_key="responsible_unit.code", index=True, max_length=32)
    start_url: str = Field(max_length=800)
    host: str = Field(
        default="", sa_column=Column(String(800), Computed(HOST, persisted=True), nullable=False)
    )
    """Whose pace is kept when it is read; the database makes it of `start_url`."""
    allow_private: bool = False
    """Whether `start_url` may stand on a private address; nothing else ever may."""
    is_public: bool = True
    interval_ms: int = 1000
    every_minutes: int = 1440
    enabled: bool = True
    has_list: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    """False of one that stands for a host on which its unit named pages: those are read, and there
    is no list that could prove anything."""
    rule_version: int | None = None
    layout: str | None = Field(default=None, max_length=16)
    health: PortalHealth = Field(
        default=PortalHealth.UNKNOWN, sa_type=enum_type(PortalHealth, length=16)
    )
    fault: Fault | None = Field(default=None, sa_type=enum_type(Fault, length=24))
    health_since: datetime | None = Field(default=None, sa_type=Moment)
    walked_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the last full run without gaps began."""
    proven_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the last such run began that a later one agreed with: what it did not find was absent.

    None while there are no two of them by the present rule: then nothing is proven of the unit.
    """
    read_since: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it is read at its address, for its unit and by its rule."""
    match_wanted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Its unit or its cues have changed since its pages were last matched."""
    moves: list[dict[str, str]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    """Days (`on`) on which its pages were moved: marks of those days say nothing of a page."""
    next_run_at: datetime = Field(sa_type=Moment)
    version: int = 1

    @property
    def moved_on(self) -> frozenset[date]:
        """The days on which its pages were moved."""
        return frozenset(date.fromisoformat(move["on"]) for move in self.moves)


class AbsencePolicy(Table, table=True):
    """How far apart two walks must be that prove an absence; versions, the newest in force."""

    __tablename__ = "absence_policy"
    __table_args__ = (CheckConstraint("absence_gap_minutes >= 0", name="gap_not_negative"),)

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    absence_gap_minutes: int
    created_at: datetime = Field(sa_type=Moment)
    created_by: str = Field(max_length=100)


class PortalRule(Table, table=True):
    """A version of a portal's collector rule; runs keep the version they used."""

    __tablename__ = "portal_rule"

    portal_id: str = Field(foreign_key="portal.id", primary_key=True, max_length=40)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rule: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=Moment)
    created_by: str = Field(max_length=100)
