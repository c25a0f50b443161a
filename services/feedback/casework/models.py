"""What happened to a letter: rows are only ever added."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.feedback.letters.models import LetterState
from services.feedback.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class ActivityKind(StrEnum):
    """What a department did besides writing: 电话, 协调会, 现场调研, 会诊, 出诊."""

    CALL = "call"
    COORDINATION_MEETING = "coordination_meeting"
    SITE_VISIT = "site_visit"
    JOINT_CONSULTATION = "joint_consultation"
    HOME_VISIT = "home_visit"


class LetterGrade(StrEnum):
    """How the sender finds the answer; the last two are bad (差评)."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"


class LetterTransition(Table, table=True):
    """One move of a letter; what was written with it is sealed."""

    __tablename__ = "letter_transition"
    __table_args__ = (
        UniqueConstraint("letter_id", "version"),
        known_states("from_state", LetterState),
        known_states("to_state", LetterState),
        Index("ix_letter_transition_actor", "actor", "letter_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id")
    version: int
    action: str = Field(max_length=32)
    from_state: LetterState | None = Field(default=None, sa_type=enum_type(LetterState))
    to_state: LetterState = Field(sa_type=enum_type(LetterState))
    actor: str = Field(max_length=100)
    department_code: str | None = None
    reason_code: str | None = Field(default=None, max_length=32)
    fields_sealed: str | None = None
    at: datetime = Field(sa_type=Moment)


class LetterReply(Table, table=True):
    """A reply as its author submitted it; a corrected one is a new row."""

    __tablename__ = "letter_reply"
    # The pair lets an approval carry the author, so that the database can compare the two.
    __table_args__ = (
        UniqueConstraint("id", "author"),
        Index("ix_letter_reply_letter_id", "letter_id", "submitted_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id")
    department_code: str = Field(foreign_key="department.code")
    text_sealed: str
    author: str = Field(max_length=100)
    submitted_at: datetime = Field(sa_type=Moment)


class ReplyApproval(Table, table=True):
    """That somebody else than its author let a reply go out."""

    __tablename__ = "reply_approval"
    __table_args__ = (
        ForeignKeyConstraint(["reply_id", "author"], ["letter_reply.id", "letter_reply.author"]),
        CheckConstraint("approved_by <> author", name="four_eyes"),
    )

    reply_id: UUID = Field(primary_key=True)
    author: str = Field(max_length=100)
    approved_by: str = Field(max_length=100)
    approved_at: datetime = Field(sa_type=Moment)


class LetterActivity(Table, table=True):
    """A call, meeting or visit on a letter."""

    __tablename__ = "letter_activity"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id", index=True)
    kind: ActivityKind = Field(sa_type=enum_type(ActivityKind))
    held_on: date
    summary_sealed: str
    recorded_by: str = Field(max_length=100)
    at: datetime = Field(sa_type=Moment)


class LetterExtension(Table, table=True):
    """More working days asked for, and what somebody else decided."""

    __tablename__ = "letter_extension"
    __table_args__ = (
        CheckConstraint("decided_by <> asked_by", name="decided_by_another"),
        CheckConstraint("(granted IS NULL) = (decided_by IS NULL)", name="decided_by_somebody"),
        CheckConstraint("workdays BETWEEN 1 AND 30", name="workdays_within_bounds"),
        Index(
            "uq_letter_extension_open",
            "letter_id",
            unique=True,
            postgresql_where=text("granted IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id", index=True)
    workdays: int
    asked_by: str = Field(max_length=100)
    asked_at: datetime = Field(sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    granted: bool | None = None


class LetterRating(Table, table=True):
    """The sender's grade of one answer; a reopened letter has one for each answer.

    An answer is known by its reply, for that of another letter may count while this one is merged
    into it. `answer_no` counts the letter's ratings; a version before this one wrote the number of
    the answer there and no `reply_id`.
    """

    __tablename__ = "letter_rating"

    letter_id: UUID = Field(primary_key=True, foreign_key="letter.id")
    answer_no: int = Field(primary_key=True)
    reply_id: UUID | None = Field(default=None, foreign_key="letter_reply.id")
    grade: LetterGrade = Field(sa_type=enum_type(LetterGrade))
    text_sealed: str | None = None
    at: datetime = Field(sa_type=Moment)
