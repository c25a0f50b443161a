"""What letters say is missing online, and the latest answer to each such report."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment


class MissingDisclosure(Table, table=True):
    """What one letter says is missing; `reference` is what all that say the same have in common."""

    __tablename__ = "missing_disclosure"

    letter_id: UUID = Field(primary_key=True, foreign_key="letter.id")
    reference: str = Field(max_length=120)
    project_code: str | None = Field(default=None, max_length=64)
    item_code: str | None = Field(default=None, max_length=16)
    department_code: str | None = Field(default=None, max_length=32)
    reported_at: datetime = Field(sa_type=Moment)


class DisclosureAnswer(Table, table=True):
    """The latest answer to all reports of one thing: that of the highest `version`.

    Kept apart from the letters, so that an answer may come before or after a report of the same,
    and ten thousand reports are answered by one row.
    """

    __tablename__ = "disclosure_answer"

    reference: str = Field(primary_key=True, max_length=120)
    version: int
    answer: str = Field(max_length=20)
    url: str | None = Field(default=None, max_length=1000)
    published_at: datetime | None = Field(default=None, sa_type=Moment)
    due_on: date | None = None
    document: str | None = Field(default=None, max_length=200)
    answered_at: datetime = Field(sa_type=Moment)
