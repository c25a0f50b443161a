"""Letters with everything personal sealed, their day numbers, and the tries at their codes."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class LetterKind(StrEnum):
    """What the sender wants: 咨询, 求助, 建议, 投诉, 举报."""

    CONSULTATION = "consultation"
    HELP = "help"
    SUGGESTION = "suggestion"
    COMPLAINT = "complaint"
    ACCUSATION = "accusation"


class LetterState(StrEnum):
    RECEIVED = "received"
    REGISTERED = "registered"
    NOT_ACCEPTED = "not_accepted"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    DISPUTED = "disputed"
    HANDLING = "handling"
    AWAITING_CITIZEN = "awaiting_citizen"
    IN_REVIEW = "in_review"
    REPLIED = "replied"
    REOPEN_REQUESTED = "reopen_requested"
    CLOSED = "closed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    APPEALED = "appealed"


class Channel(StrEnum):
    WEB = "web"
    APP = "app"
    MINI_PROGRAM = "mini_program"
    KIOSK = "kiosk"
    PHONE = "phone"
    COUNTER = "counter"
    PAPER = "paper"
    MAILBOX = "mailbox"


class Anonymity(StrEnum):
    """Named; known to the registry only; or without any contact."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


class Letter(Table, table=True):
    """A letter's present state; how it got there is in `letter_transition`."""

    __tablename__ = "letter"
    __table_args__ = (
        known_states("state", LetterState),
        # 信访工作条例 art. 30: an accusation never reaches the accused.
        CheckConstraint(
            "department_code IS NULL OR NOT department_code = ANY (accused)",
            name="never_assigned_to_the_accused",
        ),
        CheckConstraint("kind = 'accusation' OR accused = '{}'", name="only_accusations_accuse"),
        CheckConstraint("reopened BETWEEN 0 AND 2", name="reopened_at_most_twice"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged_has_target"),
        CheckConstraint("merged_into <> id", name="never_merged_into_itself"),
        CheckConstraint("version > 0", name="version_counts_from_one"),
        Index("ix_letter_work_list", "department_code", "state", "received_at"),
        Index("ix_letter_department", "department_code", "received_at", "id"),
        Index("ix_letter_department_id", "department_code", "id"),
        Index("ix_letter_state", "state", "received_at", "id"),
        Index("ix_letter_kind", "kind", "received_at", "id"),
        Index("ix_letter_sketch", "sketch", postgresql_using="gin"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reg_no: str = Field(unique=True, max_length=40)
    kind: LetterKind = Field(sa_type=enum_type(LetterKind))
    channel: Channel = Field(sa_type=enum_type(Channel))
    state: LetterState = Field(default=LetterState.RECEIVED, sa_type=enum_type(LetterState))
    version: int = 1
    received_at: datetime = Field(sa_type=Moment, index=True)
    title_sealed: str
    body_sealed: str
    place_sealed: str | None = None
    name_sealed: str | None = None
    phone_sealed: str | None = None
    contact_index: str | None = Field(default=None, index=True, sa_column_kwargs=digest())
    anonymity: Anonymity = Field(sa_type=enum_type(Anonymity))
    wants_public: bool = False
    code_hash: str = Field(sa_column_kwargs=digest())
    renewed_code_hash: str | None = Field(default=None, sa_column_kwargs=digest())
    account_index: str | None = Field(default=None, index=True, sa_column_kwargs=digest())
    sketch: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    department_code: str | None = Field(default=None, foreign_key="department.code")
    accused: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    merged_into: UUID | None = Field(default=None, foreign_key="letter.id", index=True)
    joined: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How often a letter was merged into it: whoever ends it has seen all that wait for it."""
    reopened: int = 0
    replied_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)


class LetterSupplement(Table, table=True):
    """What the sender added later."""

    __tablename__ = "letter_supplement"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id", index=True)
    text_sealed: str
    at: datetime = Field(sa_type=Moment)


class LetterDay(Table, table=True):
    """The last serial given to a letter of a day; locked while a letter takes the next one."""

    __tablename__ = "letter_day"
    __table_args__ = (CheckConstraint("last_serial > 0", name="serials_count_from_one"),)

    region: str = Field(primary_key=True, max_length=6)
    day: date = Field(primary_key=True)
    last_serial: int


class CodeAttempt(Table, table=True):
    """Wrong query codes tried on a number, whether or not a letter has that number."""

    __tablename__ = "code_attempt"

    reg_no: str = Field(primary_key=True, max_length=40)
    failures: int
    first_at: datetime = Field(sa_type=Moment, index=True)


class DuplicateHint(Table, table=True):
    """An earlier letter that reads much like this one, noted when this one came in."""

    __tablename__ = "duplicate_hint"
    __table_args__ = (CheckConstraint("likeness BETWEEN 0 AND 1", name="likeness_is_a_share"),)

    letter_id: UUID = Field(primary_key=True, foreign_key="letter.id")
    other_id: UUID = Field(primary_key=True, foreign_key="letter.id")
    likeness: float
