"""Reports on second visits: made as drafts, signed, and kept as they were signed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class ReportState(StrEnum):
    """draft -> signed -> withdrawn."""

    DRAFT = "draft"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


class SecondVisitReport(Table, table=True):
    """Of one hall and period. Once it is no draft any more, the database refuses every change of
    what was signed."""

    __tablename__: ClassVar[str] = "second_visit_report"
    __table_args__ = (
        known_states("state", ReportState),
        CheckConstraint("to_on >= from_on", name="days_in_order"),
        CheckConstraint(
            "(sha256 IS NULL) = (signed_at IS NULL) AND (state <> 'signed' OR sha256 IS NOT NULL)",
            name="signed_has_its_digest",
        ),
        UniqueConstraint("hall_code", "year", "serial", name="uq_second_visit_report_number"),
        UniqueConstraint(
            "hall_code", "from_on", "to_on", "edition", name="uq_second_visit_report_edition"
        ),
        # One signed report says what holds of a hall and period.
        Index(
            "uq_second_visit_report_signed",
            "hall_code",
            "from_on",
            "to_on",
            unique=True,
            postgresql_where=text("state = 'signed'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    year: int
    """Of the making; with `serial` it is the report's number in its hall."""
    serial: int
    from_on: date
    to_on: date
    edition: int
    """The how-manieth report on this period of the hall."""
    content: dict[str, Any] = Field(sa_type=JSONB)
    """What was counted when it was made (`schemas.ReportContent`); never changed."""
    measures: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    """By item: what the hall will do about it; of a draft only."""
    state: ReportState = Field(default=ReportState.DRAFT, sa_type=enum_type(ReportState, 16))
    version: int = 1
    made_by: str = Field(max_length=128)
    made_at: datetime = Field(sa_type=Moment)
    signed_by: str | None = Field(default=None, max_length=128)
    signed_name: str | None = Field(default=None, max_length=128)
    """What colleagues know that account by."""
    signed_at: datetime | None = Field(default=None, sa_type=Moment)
    sha256: str | None = Field(default=None, max_length=64)
    """Of what was signed (`rules.digest`)."""
    withdrawn_by: str | None = Field(default=None, max_length=128)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
    withdrawal_reason: str | None = Field(default=None, max_length=500)
