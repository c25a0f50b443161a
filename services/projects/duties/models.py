"""What happened, what must therefore be published, and what was seen of it.

Facts are append-only (trigger_event, publication_fact, full_walk, duty_ruling); `publication` is
the current summary of a duty's facts, `auditing.models.Standing` holds its ordinals and verdict.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.calendar.models import RuleKind
from services.projects.register.models import LONGEST_CODE
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class TriggerKind(StrEnum):
    FORMED = "formed"
    CHANGED = "changed"
    DECIDED = "decided"


class ClaimKind(StrEnum):
    """Where a claimed time of publication was read."""

    PUSH = "push"
    META = "meta"
    LABEL = "label"
    LIST = "list"
    HEADER = "header"
    NONE = "none"


class FactKind(StrEnum):
    SIGHTING = "sighting"
    GONE = "gone"
    TAKEN_BACK = "taken_back"
    """The page is not known to publish the duty: what was seen of it before counts no more."""


class Hold(StrEnum):
    """A ruling with a document that takes a duty out of the ordinary course."""

    NONE = "none"
    EXEMPT = "exempt"
    DISPUTED = "disputed"
    SUSPENDED = "suspended"
    NOT_APPLICABLE = "not_applicable"


class RulingKind(StrEnum):
    EXEMPT = "exempt"
    DISPUTE = "dispute"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESTORE = "restore"


class TriggerEvent(Table, table=True):
    """Information about a project, or another subject, was formed, changed or decided.

    `occurred_on` None: not known.
    """

    __tablename__ = "trigger_event"
    __table_args__ = (
        UniqueConstraint(
            "project_code",
            "item_code",
            "unit_code",
            "kind",
            "occurred_on",
            "doc_no",
            "subject",
            name="uq_trigger_event_fact",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    project_code: str | None = Field(
        default=None, foreign_key="project.code", max_length=LONGEST_CODE
    )
    subject: str | None = Field(default=None, max_length=200)
    """What it is about besides, or instead of, a project: a year's budget, a policy document."""
    item_code: str = Field(max_length=16)
    unit_code: str = Field(foreign_key="responsible_unit.code", max_length=32)
    kind: TriggerKind = Field(sa_type=enum_type(TriggerKind, length=16))
    occurred_on: date | None = None
    doc_no: str | None = Field(default=None, max_length=100)
    recorded_at: datetime = Field(sa_type=Moment)
    recorded_by: str = Field(max_length=100)


class Duty(Table, table=True):
    """One unit must publish one item about one project, or about a subject that is none.

    `start_ord` and `due_ord` are ordinals of the calendar (working days, or plain days when `basis`
    is "calendar"), never dates: an amended calendar moves the due date and leaves this row alone.
    """

    __tablename__ = "duty"
    __table_args__ = (
        CheckConstraint("basis IN ('working', 'calendar')", name="basis_known"),
        CheckConstraint("extended_by >= 0", name="extension_not_negative"),
        CheckConstraint("project_code IS NOT NULL OR subject IS NOT NULL", name="is_about"),
        known_states("hold", Hold),
        Index("ix_duty_unit_code_id", "unit_code", "id"),
        Index("ix_duty_project_code_id", "project_code", "id"),
        Index("ix_duty_formed_on", "formed_on"),
        Index("ix_duty_follows_id", "follows_id", postgresql_where=text("follows_id IS NOT NULL")),
        Index("ix_duty_ends", "id", postgresql_where=text("ends IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    trigger_id: UUID = Field(foreign_key="trigger_event.id", index=True)
    project_code: str | None = Field(
        default=None, foreign_key="project.code", max_length=LONGEST_CODE
    )
    subject: str | None = Field(default=None, max_length=200)
    follows_id: UUID | None = Field(default=None, foreign_key="duty.id")
    """The duty with which it goes: its clock begins on the day that one is published."""
    unit_code: str = Field(foreign_key="responsible_unit.code", max_length=32)
    item_id: UUID = Field(foreign_key="catalogue_item.id")
    item_code: str = Field(max_length=16)
    formed_on: date | None = None
    doc_no: str | None = Field(default=None, max_length=100)
    region: str = Field(default="CN", max_length=16)
    rule_kind: RuleKind = Field(sa_type=enum_type(RuleKind, length=16))
    rule_n: int | None = None
    rule: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """The whole rule (`calendar.clocks.from_data`) where kind and number do not say all of it."""
    ends: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """Of such a rule, the ends from which a calendar dates it: [day, working days after, how]."""
    short_n: int | None = None
    """The 7 working days of licences where the legal class is not confirmed: reported beside."""
    rule_version: int
    calendar_version: int
    basis: str = Field(default="working", max_length=8)
    start_ord: int | None = None
    due_ord: int | None = None
    extended_by: int = 0
    hold: Hold = Field(default=Hold.NONE, sa_type=enum_type(Hold, length=16))
    hold_reason: str | None = Field(default=None, max_length=300)
    created_at: datetime = Field(sa_type=Moment)
    version: int = 1


class DutyRuling(Table, table=True):
    """An exemption, a dispute, an extension or a suspension, with the document that carries it."""

    __tablename__ = "duty_ruling"
    __table_args__ = (CheckConstraint("days IS NULL OR days > 0", name="days_positive"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    duty_id: UUID = Field(foreign_key="duty.id", index=True)
    kind: RulingKind = Field(sa_type=enum_type(RulingKind, length=16))
    document: str = Field(max_length=200)
    article: str | None = Field(default=None, max_length=200)
    reason: str = Field(max_length=500)
    days: int | None = None
    ruled_at: datetime = Field(sa_type=Moment)
    ruled_by: str = Field(max_length=100)


class PublicationFact(Table, table=True):
    """One observation of a duty's publication, never changed; `sha256` covers its content."""

    __tablename__ = "publication_fact"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    duty_id: UUID = Field(foreign_key="duty.id", index=True)
    kind: FactKind = Field(sa_type=enum_type(FactKind, length=16))
    observed_at: datetime = Field(sa_type=Moment)
    last_absent_at: datetime | None = Field(default=None, sa_type=Moment)
    url: str = Field(max_length=1000)
    claim_kind: ClaimKind = Field(sa_type=enum_type(ClaimKind, length=16))
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    cms_at: datetime | None = Field(default=None, sa_type=Moment)
    header_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime | None = Field(default=None, sa_type=Moment)
    """When we were told of what was pushed, by our own clock: no claim of it is believed before."""
    claims_agree: bool = False
    contradicted: bool = False
    missing_elements: list[str] = Field(default_factory=list, sa_type=JSONB)
    elements_judged: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    """Whether what is missing was looked for; what no machine could read says nothing of it."""
    evidence_id: UUID | None = None
    recorded_at: datetime = Field(sa_type=Moment)
    sha256: str = Field(max_length=64)

    def without_absence(self) -> "PublicationFact":
        """A copy that says nothing of an absence."""
        return PublicationFact(**{**self.model_dump(), "last_absent_at": None})


class Publication(Table, table=True):
    """The current evidence of a published duty, derived from its facts; none while unseen."""

    __tablename__ = "publication"
    __table_args__ = (
        CheckConstraint("trust BETWEEN 0 AND 5", name="trust_in_range"),
        Index("ix_publication_first_seen_at", "first_seen_at", "duty_id"),
    )

    duty_id: UUID = Field(foreign_key="duty.id", primary_key=True)
    url: str = Field(max_length=1000)
    claim_kind: ClaimKind = Field(sa_type=enum_type(ClaimKind, length=16))
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    cms_at: datetime | None = Field(default=None, sa_type=Moment)
    header_at: datetime | None = Field(default=None, sa_type=Moment)
    last_absent_at: datetime | None = Field(default=None, sa_type=Moment)
    first_seen_at: datetime = Field(sa_type=Moment)
    gone_at: datetime | None = Field(default=None, sa_type=Moment)
    missing_elements: list[str] = Field(default_factory=list, sa_type=JSONB)
    trust: int
    contradicted: bool = False
    fact_id: int = Field(foreign_key="publication_fact.id", sa_type=BigInteger)


class FullWalk(Table, table=True):
    """Every place where `unit_code` publishes was read to its end at `walked_at`.

    What was not found then was not there: the proof of absence that "overdue" needs.
    """

    __tablename__ = "full_walk"

    unit_code: str = Field(foreign_key="responsible_unit.code", primary_key=True, max_length=32)
    walked_at: datetime = Field(primary_key=True, sa_type=Moment)
    run_id: UUID | None = None
    noted_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it came to count, once a later walk agreed; None: of before this was kept."""
