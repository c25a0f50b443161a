"""A matter that was taken up with minor papers missing, and the promise to hand them in."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class DeferralState(StrEnum):
    """promised -> supplied | lapsed | cancelled."""

    PROMISED = "promised"
    SUPPLIED = "supplied"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


class Deferral(Table, table=True):
    """Of one ticket and item; the promise itself is signed on paper, nothing personal is here."""

    __tablename__: ClassVar[str] = "deferral"
    __table_args__ = (
        known_states("state", DeferralState),
        CheckConstraint("due_on > accepted_on", name="due_after_acceptance"),
        CheckConstraint("(state = 'promised') = (settled_at IS NULL)", name="settled_has_its_time"),
        Index(
            "uq_deferral_open",
            "ticket_id",
            "item_code",
            unique=True,
            postgresql_where=text("state = 'promised'"),
        ),
        Index("ix_deferral_due", "due_on", postgresql_where=text("state = 'promised'")),
        Index("ix_deferral_hall", "hall_code", "state", "id"),
        Index(
            "ix_deferral_reason", "settled_at", postgresql_where=text("reason_sealed IS NOT NULL")
        ),
        Index("ix_deferral_owner", "owner", "id", postgresql_where=text("owner IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    item_code: str = Field(foreign_key="item.code", max_length=64)
    guide_version: int
    ticket_id: UUID = Field(foreign_key="ticket.id")
    owner: str | None = Field(default=None, max_length=128)
    """The account of the person, where the ticket is of one; shown to nobody."""
    materials: list[str] = Field(sa_type=ARRAY(String(500)))
    accepted_on: date
    due_on: date
    remind_on: date
    """The working day before the last one."""
    reminded_at: datetime | None = Field(default=None, sa_type=Moment)
    state: DeferralState = Field(
        default=DeferralState.PROMISED, sa_type=enum_type(DeferralState, 16)
    )
    version: int = 1
    accepted_by: str = Field(max_length=128)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)
    settled_by: str | None = Field(default=None, max_length=128)
    """None where its last day went by."""
    reason_sealed: str | None = None
