"""An exemption, or a ruling on what is late, is asked for by one and decided on by another."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.projects.duties.models import RulingKind
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class ExemptionState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    """Not granted: somebody else refused it, or who asked took it back (`withdrawn_at`)."""


class ExemptionRequest(Table, table=True):
    """What is to be ruled, by which article of which document. Nothing moves until somebody else
    has granted it; `ruling_id` is the ruling that was made then.

    Only an exemption needs an article; where another ruling names none it is empty.
    """

    __tablename__ = "exemption_request"
    __table_args__ = (
        known_states("state", ExemptionState),
        known_states("kind", RulingKind),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)"
            " AND (state = 'asked') = (decision IS NULL)",
            name="decided_or_asked",
        ),
        CheckConstraint(
            "decided_by <> asked_by OR withdrawn_at IS NOT NULL", name="decided_by_another"
        ),
        CheckConstraint(
            "withdrawn_at IS NULL OR state = 'refused' AND decided_by = asked_by",
            name="withdrawn_by_who_asked",
        ),
        CheckConstraint("(kind = 'extend') = (days IS NOT NULL)", name="days_of_extension"),
        # The release before knows exemptions alone: it grants no other kind as if it were one.
        CheckConstraint(
            "kind = 'exempt' OR (state = 'granted') = (ruling_id IS NOT NULL)", name="carried_out"
        ),
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
    kind: RulingKind = Field(
        default=RulingKind.EXEMPT,
        sa_type=enum_type(RulingKind, length=16),
        sa_column_kwargs={"server_default": text("'exempt'")},
    )
    document: str = Field(max_length=200)
    article: str = Field(default="", max_length=200)
    reason: str = Field(max_length=500)
    days: int | None = None
    state: ExemptionState = Field(
        default=ExemptionState.ASKED, sa_type=enum_type(ExemptionState, length=16)
    )
    asked_at: datetime = Field(sa_type=Moment)
    asked_by: str = Field(max_length=100)
    decision: str | None = Field(default=None, max_length=500)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
    ruling_id: UUID | None = Field(default=None, foreign_key="duty_ruling.id")
    version: int = 1
