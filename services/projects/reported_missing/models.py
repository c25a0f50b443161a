"""A check of one thing that is reported missing, however many report it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class CheckState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class CheckAction(StrEnum):
    FIND = "find"
    ANSWER = "answer"
    REOPEN = "reopen"


class CheckAnswer(StrEnum):
    """What is said to who reported it."""

    PUBLISHED = "published"
    NOT_DUE = "not_due"
    OVERDUE = "overdue"
    ORDERED = "ordered"
    NOT_OWED = "not_owed"


class DisclosureCheck(Table, table=True):
    """What is reported missing, by project, item and unit as far as they are named.

    The codes are as strangers wrote them, and need not be registered. `reference` is the three of
    them. `version` counts answers and not reports: a flood of reports is in nobody's way.
    `answered_by` None: the duty answered by itself.
    """

    __tablename__ = "disclosure_check"
    __table_args__ = (
        known_states("state", CheckState),
        CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL)"
            " AND (state = 'answered') = (answered_at IS NOT NULL)",
            name="answered_or_open",
        ),
        CheckConstraint("reports > 0", name="somebody_reported_it"),
        Index("ix_disclosure_check_state", "state", "first_reported_at", "id"),
        Index("ix_disclosure_check_project_code", "project_code"),
        Index("ix_disclosure_check_unit_code", "unit_code"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True, max_length=120)
    project_code: str | None = Field(default=None, max_length=64)
    item_code: str | None = Field(default=None, max_length=16)
    unit_code: str | None = Field(default=None, max_length=32)
    reports: int = 1
    first_reported_at: datetime = Field(sa_type=Moment)
    last_reported_at: datetime = Field(sa_type=Moment)
    state: CheckState = Field(default=CheckState.OPEN, sa_type=enum_type(CheckState, length=16))
    answer: CheckAnswer | None = Field(default=None, sa_type=enum_type(CheckAnswer, length=16))
    duty_id: UUID | None = Field(default=None, foreign_key="duty.id")
    url: str | None = Field(default=None, max_length=1000)
    published_at: datetime | None = Field(default=None, sa_type=Moment)
    due_on: date | None = None
    document: str | None = Field(default=None, max_length=200)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by: str | None = Field(default=None, max_length=100)
    version: int = 1
