"""What a limit is (policy rows), the clocks that run by it, and what happened to each clock."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

COUNTRY = "CN"
"""The region whose calendar and policies hold where a region has none of its own."""


NO_DEPARTMENT, ACCUSATIONS = "_", "_accusation"
"""The owners of clocks that are no department's: of what is not dispatched, and of accusations, so
that whoever follows the one cannot count the other (信访工作条例 art. 30)."""


class Unit(StrEnum):
    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"


class PolicyKind(StrEnum):
    """What a policy row fixes: the length of a clock, or when to remind and to escalate."""

    LETTER_REGISTER = "letter_register"
    LETTER_ACCEPT = "letter_accept"
    PETITION_ACCEPT = "petition_accept"
    REPLY_CONSULTATION = "reply_consultation"
    REPLY_HELP = "reply_help"
    REPLY_SUGGESTION = "reply_suggestion"
    REPLY_COMPLAINT = "reply_complaint"
    REPLY_REPORT = "reply_report"
    PETITION_INFORM = "petition_inform"
    PETITION_HANDLE = "petition_handle"
    AWAIT_CITIZEN = "await_citizen"
    PUBLICATION_DECISION = "publication_decision"
    SILENCE_CLOSES = "silence_closes"
    REOPEN_WINDOW = "reopen_window"
    REOPEN_DECISION = "reopen_decision"
    LETTER_APPEAL = "letter_appeal"
    RATING_INVITATION = "rating_invitation"
    RATING_CONTACT = "rating_contact"
    RATING_RECTIFY = "rating_rectify"
    RATING_RECTIFY_COMPLEX = "rating_rectify_complex"
    RATING_APPEAL = "rating_appeal"
    RATING_REVISIT = "rating_revisit"
    ORDER_ACKNOWLEDGE = "order_acknowledge"
    ORDER_ANSWER = "order_answer"
    ORDER_DECIDE = "order_decide"
    REMIND_BEFORE = "remind_before"
    ESCALATE_1 = "escalate_1"
    ESCALATE_2 = "escalate_2"
    ESCALATE_3 = "escalate_3"


class SubjectKind(StrEnum):
    LETTER = "letter"
    RATING = "rating"
    SUPERVISION_ORDER = "supervision_order"


class Subject(NamedTuple):
    """What a clock is about."""

    kind: SubjectKind
    id: UUID


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    MET = "met"
    CANCELLED = "cancelled"


LIVE = (ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)


class Change(StrEnum):
    STARTED = "started"
    ASSIGNED = "assigned"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    RECOMPUTED = "recomputed"
    BREACHED = "breached"
    MET = "met"
    CANCELLED = "cancelled"


class DeadlinePolicy(Table, table=True):
    """`n` units for `kind` from `valid_from` on; a later row replaces an earlier one."""

    __tablename__ = "deadline_policy"
    __table_args__ = (
        # Two rows for one day would leave the limit of that day open.
        UniqueConstraint("region", "kind", "valid_from"),
        CheckConstraint("n BETWEEN 0 AND 366", name="n_is_a_limit"),
        CheckConstraint("extension_limit BETWEEN 0 AND 366", name="extension_is_a_limit"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    region: str = Field(default=COUNTRY, max_length=16)
    kind: PolicyKind = Field(sa_type=enum_type(PolicyKind))
    unit: Unit = Field(sa_type=enum_type(Unit))
    n: int
    extension_limit: int = 0
    legal_source: str = Field(max_length=200)
    valid_from: date


class Deadline(Table, table=True):
    """One clock of one subject. Overdue, light and days left are derived, never stored."""

    __tablename__ = "deadline"
    __table_args__ = (
        known_states("state", ClockState),
        # A subject has at most one live clock of a kind, however often a start is repeated.
        Index(
            "uq_deadline_live",
            "subject_kind",
            "subject_id",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('running', 'paused', 'breached')"),
        ),
        Index("ix_deadline_running", "due_at", postgresql_where=text("state = 'running'")),
        Index("ix_deadline_breached", "due_on", postgresql_where=text("state = 'breached'")),
        Index("ix_deadline_department", "department_code", "due_on", "id"),
        # The lists by due date: of everybody, of a department, each of one state as well.
        Index("ix_deadline_list", "due_on", "id"),
        Index("ix_deadline_state", "state", "due_on", "id"),
        Index("ix_deadline_department_state", "department_code", "state", "due_on", "id"),
        # Letters by the limit that runs for them.
        Index(
            "ix_deadline_letter_due",
            "due_on",
            "subject_id",
            postgresql_where=text(
                "subject_kind = 'letter' AND state IN ('running', 'paused', 'breached')"
            ),
        ),
        # All clocks of a subject, those that ended included.
        Index("ix_deadline_subject", "subject_kind", "subject_id", "started_at", "id"),
        # Finds the live clocks that an earlier edition of the calendar computed.
        Index(
            "ix_deadline_calendar",
            "region",
            "calendar_edition",
            postgresql_where=text("state IN ('running', 'paused', 'breached')"),
        ),
        # A pause has a day on which it began; only a pause has one.
        CheckConstraint("(state = 'paused') = (paused_on IS NOT NULL)", name="paused_has_a_day"),
        CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="met_has_a_moment"),
        CheckConstraint("due_on >= base_on", name="due_after_base"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject_kind: SubjectKind = Field(sa_type=enum_type(SubjectKind))
    subject_id: UUID
    kind: PolicyKind = Field(sa_type=enum_type(PolicyKind))
    department_code: str = Field(max_length=32)
    region: str = Field(default=COUNTRY, max_length=16)
    state: ClockState = Field(default=ClockState.RUNNING, sa_type=enum_type(ClockState))
    version: int = 1
    policy_id: UUID = Field(foreign_key="deadline_policy.id")
    unit: Unit = Field(sa_type=enum_type(Unit))
    n: int
    extension_n: int = 0
    pauses: list[Any] = Field(default_factory=list, sa_type=JSONB)
    base_on: date
    due_on: date
    due_at: datetime = Field(sa_type=Moment)
    provisional: bool = False
    calendar_edition: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Of the calendar that `due_on` was computed by."""
    original_due_on: date
    paused_on: date | None = None
    met_at: datetime | None = Field(default=None, sa_type=Moment)
    breached_at: datetime | None = Field(default=None, sa_type=Moment)
    reminded: int = 0
    escalated_level: int = 0
    started_at: datetime = Field(sa_type=Moment)


class DeadlineChange(Table, table=True):
    """What happened to a clock, when, by whom, and what it did to the due date. Never updated."""

    __tablename__ = "deadline_change"
    __table_args__ = (Index("ix_deadline_change_deadline", "deadline_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    deadline_id: UUID = Field(foreign_key="deadline.id")
    change: Change = Field(sa_type=enum_type(Change))
    at: datetime = Field(sa_type=Moment)
    by: str = Field(max_length=128)
    due_on: date
    provisional: bool
    reason: str | None = Field(default=None, max_length=200)
