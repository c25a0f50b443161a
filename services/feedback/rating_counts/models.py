"""The sums of each day, and the days of which something changed since.

Triggers of the tables that are counted fill `rating_recount`, in the transaction of what changed.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment


class RatingTally(Table, table=True):
    """Of the people asked on one day, in one group of one grouping; never shown as such.

    Codes that a grouping adds up over are empty. Its finest is `cell`: one matter of a department
    at a hall.
    """

    __tablename__ = "rating_tally"
    __table_args__ = (
        *(
            Index(
                f"ix_rating_tally_{column}",
                f"{column}_code",
                "day",
                postgresql_where=text("grouping = 'cell'"),
            )
            for column in ("department", "hall")
        ),
    )

    grouping: str = Field(primary_key=True, max_length=16)
    day: date = Field(primary_key=True)
    department_code: str = Field(primary_key=True, max_length=32)
    hall_code: str = Field(primary_key=True, max_length=32)
    item_code: str = Field(primary_key=True)
    invited: int
    rated: int
    excluded: int
    satisfied: int
    bad: int
    rectified: int
    revisited: int


class CountedRatingDay(Table, table=True):
    """A day whose sums are kept."""

    __tablename__ = "counted_rating_day"

    day: date = Field(primary_key=True)
    proven_at: datetime | None = Field(default=None, sa_type=Moment)


class RatingRecount(Table, table=True):
    """A day to be counted anew. One row an occasion, so that nobody waits for anybody."""

    __tablename__ = "rating_recount"
    __table_args__ = (Index("ix_rating_recount_day", "day"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    day: date
