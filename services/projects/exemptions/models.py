"""An exemption is asked for by one and decided on by another."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class ExemptionState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class ExemptionRequest(Table, table=True):
    """What is to be withheld, by which article of which document. Nothing moves until somebody else
    has granted it.
    """

    __tablename__ = "exemption_request"
    __table_args__ = (
        known_states("state", ExemptionState),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)"
            " AND (state = 'asked') = (decision IS NULL)",
            name="decided_or_asked",
        ),
        CheckConstraint("decided_by <> asked_by", name="decided_by_another"),
        Index(
            "uq_exemption_request_asked",
            "duty_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_exemption_request_duty_id", "duty_id"),
        Index("ix_exemption_request_unit_code_id", "unit_code", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    duty_id: UUID = Field(foreign_key="duty.id")
    unit_code: str = Field(max_length=32)
    document: str = Field(max_length=200)
    article: str = Field(max_length=200)
    reason: str = Field(max_length=500)
    state: ExemptionState = Field(
        default=ExemptionState.ASKED, sa_type=enum_type(ExemptionState, length=16)
    )
    asked_at: datetime = Field(sa_type=Moment)
    asked_by: str = Field(max_length=100)
    decision: str | None = Field(default=None, max_length=500)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    version: int = 1
