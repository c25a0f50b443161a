"""Letters as they are counted, and the sums of each day that are kept of them.

`letter_recount` names the letters that something happened to since: triggers of the tables that
the counts come from fill it, in the transaction of what happened.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment


class CountedLetter(Table, table=True):
    """What one letter adds to the sums of the day it came: 1 or 0, and its activities."""

    __tablename__ = "counted_letter"
    __table_args__ = (
        Index("ix_counted_letter_day", "day"),
        Index("ix_counted_letter_department", "department_code", "day"),
        Index("ix_counted_letter_open", "day", postgresql_where=text("open_until IS NOT NULL")),
    )

    letter_id: UUID = Field(primary_key=True)
    day: date
    department_code: str | None = Field(default=None, max_length=32)
    kind: str = Field(max_length=32)
    channel: str = Field(max_length=32)
    received: int = Field(sa_type=SmallInteger)
    ordinary: int = Field(sa_type=SmallInteger)
    replied: int = Field(sa_type=SmallInteger)
    closed: int = Field(sa_type=SmallInteger)
    registered: int = Field(sa_type=SmallInteger)
    activities: int
    met: int = Field(sa_type=SmallInteger)
    in_time: int = Field(sa_type=SmallInteger)
    in_time_by_first_limit: int = Field(sa_type=SmallInteger)
    published: int = Field(sa_type=SmallInteger)
    publishable: int = Field(sa_type=SmallInteger)
    rated: int = Field(sa_type=SmallInteger)
    satisfied: int = Field(sa_type=SmallInteger)
    answered_in: int | None = None
    """Hundredths of a day until the first answer; from two days on whole tenths of a day."""
    open_until: datetime | None = Field(default=None, sa_type=Moment)
    """The limit to answer while it is not met: from then on the letter is late, by itself."""
    open_until_first_limit: datetime | None = Field(default=None, sa_type=Moment)


class LetterTally(Table, table=True):
    """The sums over the letters of one day, of one group of one grouping; never shown as such."""

    __tablename__ = "letter_tally"

    grouping: str = Field(primary_key=True, max_length=16)
    day: date = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=32)
    """Empty for all letters, and for those of no department."""
    received: int
    ordinary: int
    replied: int
    closed: int
    registered: int
    activities: int
    met: int
    in_time: int
    in_time_by_first_limit: int
    published: int
    publishable: int
    rated: int
    satisfied: int
    days: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    """The values of `answered_in`, in order, and in `letters` how many letters have each."""
    letters: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))


class CountedDay(Table, table=True):
    """A day whose letters were counted once; what happens to them later is in `letter_recount`.

    Letters of other days are counted from their rows when somebody asks.
    """

    __tablename__ = "counted_day"

    day: date = Field(primary_key=True)
    proven_at: datetime | None = Field(default=None, sa_type=Moment)


class LetterRecount(Table, table=True):
    """A letter to be counted anew. One row an occasion, so that nobody waits for anybody."""

    __tablename__ = "letter_recount"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    letter_id: UUID
