"""Who waits for a place, and what they were offered."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.appointments.slots.models import Pool
from services.appointments.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class WaitlistState(StrEnum):
    """waiting -> offered -> booked | expired; see `workflow.ROWS` for the rest."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    EXPIRED = "expired"
    LEFT = "left"


class WaitlistEntry(Table, table=True):
    """A person who waits for a place for one item at one hall, on some days, at some hours."""

    __tablename__: ClassVar[str] = "waitlist_entry"
    __table_args__ = (
        known_states("state", WaitlistState),
        Index(
            "uq_waitlist_entry_live",
            "citizen_key",
            "hall_code",
            "item_code",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index(
            "ix_waitlist_entry_waiting",
            "hall_code",
            "item_code",
            "joined_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_waitlist_entry_offered", "id", postgresql_where=text("state = 'offered'")),
        Index("ix_waitlist_entry_citizen", "citizen_key", "id"),
        Index("ix_waitlist_entry_hall", "hall_code", "state", "id"),
        *(
            Index(
                f"ix_waitlist_entry_{column}",
                column,
                postgresql_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("person_document", "person_phone")
        ),
        CheckConstraint("first_on <= last_on", name="days_in_order"),
        CheckConstraint(
            "(state = 'offered') = (expires_at IS NOT NULL)", name="only_offers_expire"
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    item_code: str = Field(max_length=64)
    pool: Pool = Field(sa_type=enum_type(Pool, 16))
    first_on: date
    last_on: date
    not_before: time | None = None
    not_after: time | None = None
    """At what hours of the hall's day a time may begin."""
    citizen_key: str = Field(
        max_length=140, sa_column_kwargs=digest("id:", "tel:", of="citizen", place=4)
    )
    person_document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=4)
    )
    person_phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=4)
    )
    joined_by: str = Field(max_length=128)
    joined_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    state: WaitlistState = Field(
        default=WaitlistState.WAITING, sa_type=enum_type(WaitlistState, 16)
    )
    version: int = 1
    appointment_id: UUID | None = None
    """The appointment that holds the place offered last."""
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    passed_over_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the person could not have what was free, for a while of which others are asked."""


class WaitlistOffer(Table, table=True):
    """An appointment that was made as an offer: its time is not offered to its person again."""

    __tablename__: ClassVar[str] = "waitlist_offer"

    appointment_id: UUID = Field(foreign_key="appointment.id", primary_key=True)
    entry_id: UUID = Field(foreign_key="waitlist_entry.id", index=True)
    offered_at: datetime = Field(sa_type=Moment)
