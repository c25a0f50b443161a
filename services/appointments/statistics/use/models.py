"""Sums of how the places and windows of a hall were used on each day, and what they rest on."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.appointments.queueing.models import WindowState
from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states


class WindowShift(Table, table=True):
    """A piece of a shift that is over: who had the window in which state, from when until when.

    A trigger of `window_at_work` writes it, whoever changes that; it only grows.
    """

    __tablename__: ClassVar[str] = "window_shift"
    __table_args__ = (
        Index("ix_window_shift_hall", "hall_code", "ended_at"),
        known_states("state", WindowState),
        CheckConstraint("began_at < ended_at", name="ends_later"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    hall_code: str = Field(max_length=32)
    window_id: UUID
    window_no: int
    account: str = Field(max_length=128)
    """Of what began before accounts were noted, the name that the shift was under."""
    state: WindowState = Field(sa_type=enum_type(WindowState, 16))
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime = Field(sa_type=Moment)


class UseTally(Table, table=True):
    """Of one day and one window, item, clerk or hour, or of the whole hall (whose key is empty)."""

    __tablename__: ClassVar[str] = "use_tally"

    hall_code: str = Field(primary_key=True, max_length=32)
    grouping: str = Field(primary_key=True, max_length=8)
    day: date = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=128)
    booked: int
    confirmed: int
    expired: int
    cancelled_by_person: int
    cancelled_by_staff: int
    cancelled_by_hall: int
    cancelled_by_unknown: int
    moved: int
    orphaned: int
    came: int
    late: int
    served: int
    no_shows: int
    lapsed: int
    places_offered: int
    places_booked: int
    places_used: int
    started: int
    """Services that began: whose way to the window is known."""
    open_ms: int = Field(sa_type=BigInteger)
    paused_ms: int = Field(sa_type=BigInteger)
    serving_ms: int = Field(sa_type=BigInteger)
    way_ms: int = Field(sa_type=BigInteger)
    ways: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    """Tenths of a minute, in order, and how many people took so long."""
    ways_n: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))


class CountedUseDay(Table, table=True):
    """A past day of a hall whose sums are kept. What its log says up to `CountedHall.through_seq`
    is in them; for all else that changed since there are marks."""

    __tablename__: ClassVar[str] = "counted_use_day"

    hall_code: str = Field(primary_key=True, max_length=32)
    day: date = Field(primary_key=True)
    proven_at: datetime | None = Field(default=None, sa_type=Moment)


class UseRecount(Table, table=True):
    """A day to be counted anew. One row an occasion, so that nobody waits for anybody."""

    __tablename__: ClassVar[str] = "use_recount"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    hall_code: str = Field(max_length=32)
    day: date
