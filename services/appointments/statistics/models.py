"""Sums of what happened in a hall on each day and in each month, kept so that nobody counts years
of its log."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import BigInteger, Integer, Numeric
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from services.appointments.tables import Table
from shared.database.tables import Moment

_NUMBERS = ARRAY(Integer)


class Sums(SQLModel):
    """What is kept of some days and of one window, item, clerk or hour, or of the whole hall."""

    issued: int
    called: int
    served: int
    done: int
    needs_more: int
    rejected: int
    missed: int
    abandoned: int
    parked: int
    transferred: int
    unfinished: int
    longest_wait_ms: int | None = None
    timed: int
    """Services whose length is known, and how long they took together."""
    service_ms: int = Field(sa_type=BigInteger)
    estimated: int
    """Tickets with an estimate that were called; by how much it was off, altogether; and how many
    did not wait longer than P85 said."""
    estimates_off_ms: int = Field(sa_type=BigInteger)
    estimates_covered: int
    waits: list[int] = Field(sa_type=_NUMBERS)
    """Tenths of a minute, in order, and how many people waited so long; the same of services."""
    waits_n: list[int] = Field(sa_type=_NUMBERS)
    services: list[int] = Field(sa_type=_NUMBERS)
    services_n: list[int] = Field(sa_type=_NUMBERS)
    waits_packed: Decimal | None = Field(default=None, sa_type=Numeric)
    """Both as `packed_histogram` has them, kept by a trigger of months and of whole halls' days:
    what is over few people is added up as quickly without. `shared/database/histograms.py`."""
    services_packed: Decimal | None = Field(default=None, sa_type=Numeric)


class HallTally(Sums, Table, table=True):
    """Of one day; the key of the whole hall is empty."""

    __tablename__: ClassVar[str] = "hall_tally"

    hall_code: str = Field(primary_key=True, max_length=32)
    grouping: str = Field(primary_key=True, max_length=8)
    day: date = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=128)


class HallMonthTally(Sums, Table, table=True):
    """Of a whole month that is over: its days added up, so that a year of many halls is read from
    twelve rows each."""

    __tablename__: ClassVar[str] = "hall_month_tally"

    hall_code: str = Field(primary_key=True, max_length=32)
    grouping: str = Field(primary_key=True, max_length=8)
    month: date = Field(primary_key=True)
    """Its first day."""
    key: str = Field(primary_key=True, max_length=128)


class CountedHall(Table, table=True):
    """Up to which entry of its log a hall's counted days are right; what came later is looked up.

    The log is gapless in the order of commits, so that one number says it all.
    """

    __tablename__: ClassVar[str] = "counted_hall"

    hall_code: str = Field(primary_key=True, max_length=32)
    timezone: str = Field(max_length=64)
    """Which made the days: with another one they are counted anew."""
    through_seq: int


class CountedHallDay(Table, table=True):
    """A day of a hall whose sums are kept."""

    __tablename__: ClassVar[str] = "counted_hall_day"

    hall_code: str = Field(primary_key=True, max_length=32)
    day: date = Field(primary_key=True)
    proven_at: datetime | None = Field(default=None, sa_type=Moment)


class CountedHallMonth(Table, table=True):
    """A month of a hall whose sums are kept; without its row they are not read."""

    __tablename__: ClassVar[str] = "counted_hall_month"

    hall_code: str = Field(primary_key=True, max_length=32)
    month: date = Field(primary_key=True)
    proven_at: datetime | None = Field(default=None, sa_type=Moment)
