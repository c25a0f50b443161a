"""回诊: who is asked again after a finished case, what, and what they answered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

MOST_CALLS = 3


class FollowupState(StrEnum):
    INVITED = "invited"
    ANSWERED = "answered"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"


class AnswerChannel(StrEnum):
    """How the answer came: by the person themselves, or by a return call."""

    SELF = "self"
    CALL = "call"


class CallOutcome(StrEnum):
    """What came of a return call."""

    ANSWERED = "answered"
    UNREACHABLE = "unreachable"
    DECLINED = "declined"


class Questionnaire(Table, table=True):
    """A version of a questionnaire; the highest one is asked. Never updated."""

    __tablename__: ClassVar[str] = "questionnaire"
    presence: ClassVar[str] = "published"
    """What a refusal names as its state: it has no others."""

    code: str = Field(primary_key=True, max_length=32)
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSONB)
    """`schemas.QuestionnaireContent`."""
    published_by: str = Field(max_length=128)
    published_at: datetime = Field(sa_type=Moment)


class Followup(Table, table=True):
    """One finished case that was drawn, the questions asked, and the one answer.

    `served_by` are the accounts that had the person at their windows: none of them calls back.
    """

    __tablename__: ClassVar[str] = "followup"
    __table_args__ = (
        known_states("state", FollowupState),
        # A case is asked about once, however often its end is published.
        UniqueConstraint("case_id"),
        CheckConstraint(f"calls BETWEEN 0 AND {MOST_CALLS}", name="calls_are_few"),
        CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)"
            " AND (answered_at IS NULL) = (is_bad IS NULL)",
            name="answered_is_whole",
        ),
        Index("ix_followup_hall", "hall_code", "id"),
        Index("ix_followup_department", "department_code", "id"),
        Index("ix_followup_finished", "hall_code", "finished_at"),
        Index("ix_followup_invited", "due_on", postgresql_where=text("state = 'invited'")),
        Index(
            "ix_followup_remarks",
            "answered_at",
            postgresql_where=text("remarks_sealed IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID
    case_version: int
    """Of the end that this tells of; a case ended anew has a higher one."""
    hall_code: str = Field(max_length=32)
    item_code: str = Field(max_length=64)
    item_name: str
    department_code: str = Field(max_length=32)
    outcome: str = Field(max_length=16)
    finished_at: datetime = Field(sa_type=Moment)
    served_by: list[str] = Field(sa_type=ARRAY(Text))
    appointment_id: UUID | None = None
    policy_version: int
    questionnaire_code: str = Field(max_length=32)
    questionnaire_version: int
    state: FollowupState = Field(
        default=FollowupState.INVITED, sa_type=enum_type(FollowupState, 16)
    )
    version: int = 1
    invited_by: str = Field(max_length=128)
    invited_at: datetime = Field(sa_type=Moment)
    base_on: date
    answer_days: int
    due_on: date
    calls: int = 0
    last_called_on: date | None = None
    channel: AnswerChannel | None = Field(default=None, sa_type=enum_type(AnswerChannel, 8))
    answers: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    remarks_sealed: str | None = None
    score: float | None = None
    is_bad: bool | None = None
    answered_by: str | None = Field(default=None, max_length=128)
    """Who called; None where the person answered themselves."""
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    rectified_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the department had put a bad one right, as `feedback` tells."""
