"""A dispute is a case of its own: opened by one, decided by another, within a term."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.projects.auditing.models import Verdict
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class DisputeState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Dispute(Table, table=True):
    """What a unit holds against the verdict on a duty. The verdict stands until it is decided.

    `due_on` None: the term ends in a year whose holiday notice is not loaded.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        known_states("state", DisputeState),
        CheckConstraint(
            "(state = 'open') = (decided_at IS NULL) AND (state = 'open') = (decided_by IS NULL)"
            " AND (state = 'open') = (decision IS NULL)",
            name="decided_or_open",
        ),
        CheckConstraint("decided_by <> opened_by", name="decided_by_another"),
        Index("uq_dispute_open", "duty_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_dispute_duty_id", "duty_id"),
        Index("ix_dispute_unit_code_id", "unit_code", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    duty_id: UUID = Field(foreign_key="duty.id")
    unit_code: str = Field(max_length=32)
    disputed_verdict: Verdict = Field(sa_type=enum_type(Verdict, length=20))
    document: str = Field(max_length=200)
    reason: str = Field(max_length=500)
    state: DisputeState = Field(
        default=DisputeState.OPEN, sa_type=enum_type(DisputeState, length=16)
    )
    opened_at: datetime = Field(sa_type=Moment)
    opened_by: str = Field(max_length=100)
    due_on: date | None = None
    decision: str | None = Field(default=None, max_length=500)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    version: int = 1
