"""会诊: a matter that several departments look at together, and what each of them thinks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

HIGHEST_LEVEL = 3
"""To whom a late consultation goes: 1 the hall's manager, 2 the supervisors, 3 the leaders."""


class ConsultationState(StrEnum):
    OPEN = "open"
    READY = "ready"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Stance(StrEnum):
    """What a department's opinion comes to."""

    AGREES = "agrees"
    AGREES_WITH_CONDITIONS = "agrees_with_conditions"
    OBJECTS = "objects"
    NOT_OURS = "not_ours"


LIVE = "state IN ('open', 'ready', 'escalated')"


class Consultation(Table, table=True):
    """A question to several departments, and the one answer that it gets.

    `base_on` is day zero of `answer_days`; days that count are kept as the calendar has them now,
    and computed anew when a notice comes. `silent` are those whose opinion the answer went without.
    """

    __tablename__: ClassVar[str] = "consultation"
    __table_args__ = (
        known_states("state", ConsultationState),
        CheckConstraint(f"level BETWEEN 0 AND {HIGHEST_LEVEL}", name="level_known"),
        CheckConstraint(
            "(state = 'answered') = (answer_sealed IS NOT NULL)", name="answered_has_an_answer"
        ),
        Index("ix_consultation_hall", "hall_code", "id"),
        Index("ix_consultation_state", "state", "id"),
        Index("ix_consultation_lead", "lead_department_code", "id"),
        Index("ix_consultation_live", "due_on", postgresql_where=text(LIVE)),
        Index("ix_consultation_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(max_length=32, foreign_key="hall.code")
    item_code: str | None = Field(default=None, max_length=64)
    case_id: UUID | None = None
    """The visit that it came up in, if it did in one."""
    lead_department_code: str = Field(max_length=32)
    title_sealed: str
    question_sealed: str
    state: ConsultationState = Field(
        default=ConsultationState.OPEN, sa_type=enum_type(ConsultationState, 16)
    )
    version: int = 1
    policy_version: int
    opinion_days: int
    answer_days: int
    remind_days: int
    escalate_days: int
    opened_by: str = Field(max_length=128)
    opened_at: datetime = Field(sa_type=Moment)
    base_on: date
    due_on: date
    provisional: bool
    remind_on: date | None
    """The day on which its end is reminded of; None once it was."""
    level: int = 0
    escalate_on: date | None = None
    """The day from which on it goes a level higher, where it is escalated."""
    sessions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    """Joint sessions: `starts_at`, `place`, `departments`, `convened_by`."""
    answer_sealed: str | None = None
    silent: list[str] = Field(default_factory=list, sa_type=JSONB)
    reason_sealed: str | None = None
    """Why it was escalated by hand or withdrawn, the latest of these."""
    ended_by: str | None = Field(default=None, max_length=128)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class ConsultedDepartment(Table, table=True):
    """A department that was asked, and its opinion; changed with its consultation's version."""

    __tablename__: ClassVar[str] = "consulted_department"
    __table_args__ = (
        CheckConstraint(
            "(opinion_sealed IS NULL) = (stance IS NULL)"
            " AND (opinion_sealed IS NULL) = (opined_at IS NULL)",
            name="opinion_is_whole",
        ),
        Index("ix_consulted_department_code", "department_code", "consultation_id"),
    )

    consultation_id: UUID = Field(primary_key=True, foreign_key="consultation.id")
    department_code: str = Field(primary_key=True, max_length=32)
    invited_by: str = Field(max_length=128)
    invited_at: datetime = Field(sa_type=Moment)
    base_on: date
    due_on: date
    provisional: bool
    remind_on: date | None
    stance: Stance | None = Field(default=None, sa_type=enum_type(Stance))
    opinion_sealed: str | None = None
    opined_by: str | None = Field(default=None, max_length=128)
    opined_at: datetime | None = Field(default=None, sa_type=Moment)
    version: int = 1
