"""A hall's booking policy: versioned rows, each decision stores the version that it used."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment
from shared.ids import new_id


class BookingPolicy(Table, table=True):
    """One version; the highest version of a hall is in force. Version 0 is the built-in default."""

    __tablename__: ClassVar[str] = "booking_policy"
    __table_args__ = (
        UniqueConstraint("hall_code", "version"),
        CheckConstraint("hold_minutes BETWEEN 1 AND 60", name="hold_is_short"),
        CheckConstraint("no_show_limit >= 1", name="limit_from_one"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    version: int
    hold_minutes: int = 5
    cancel_until_minutes: int = 120
    """A citizen may cancel or move until this long before the start."""
    cancel_grace_minutes: int = Field(default=10, sa_column_kwargs={"server_default": "10"})
    """Nor is it too late so long after booking: whoever books late may think again."""
    return_from_minutes: int = Field(default=10, sa_column_kwargs={"server_default": "10"})
    return_to_minutes: int = Field(default=120, sa_column_kwargs={"server_default": "120"})
    """A cancelled place is on sale again after so many minutes, drawn at random between these."""
    offer_minutes: int = Field(default=10, sa_column_kwargs={"server_default": "10"})
    """So long a returned place is held for whoever is next on the waitlist."""
    check_in_early_minutes: int = 60
    check_in_late_minutes: int = 30
    """After the start; later the appointment counts as not shown up."""
    no_show_limit: int = 3
    no_show_days: int = 90
    block_days: int = 30
    """`no_show_limit` no-shows in `no_show_days` days block booking for `block_days` days."""
    last_ticket_minutes: int | None = None
    """The last walk-in ticket is issued so long before the hall closes for the day."""
    tickets_per_day: int | None = None
    """Walk-in tickets a day in the whole hall."""
    items: dict[str, dict[str, int | None]] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """Both of these for single items, by code; `schemas.ItemTicketTerms`."""
    caps: dict[str, int | None] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """How many appointments a person may have, at every hall together; `schemas.Caps`."""
    consultations: dict[str, int] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """How long who is consulted has, in working days; `schemas.ConsultationTerms`."""
    followups: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """Who is asked again after a finished case, and what; `schemas.FollowupTerms`."""
    outreach: dict[str, int] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """How soon the hall says whether it comes; `schemas.OutreachTerms`."""
    releases: dict[str, int] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """How places are given out that many want at once; `schemas.ReleaseTerms`."""
    floor: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """Tickets, advice and alarms on the floor; `schemas.FloorTerms`."""
    assessments: dict[str, int] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    """When service times of persons are compared; `schemas.AssessmentTerms`."""
    basis: str = Field(default="", max_length=500)
    created_by: str = Field(max_length=128)
    created_at: datetime = Field(sa_type=Moment)
