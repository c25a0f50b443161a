"""Ratings until their quarter is counted, and the counts."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class GivenRating(Table, table=True):
    """A rating as `feedback` told of it, until it is counted; whom it is about does not stand here.

    It may be amended, or excluded on appeal, so that it cannot be counted at once.
    """

    __tablename__: ClassVar[str] = "given_rating"

    rating_id: UUID = Field(primary_key=True)
    case_id: UUID
    hall_code: str = Field(max_length=32)
    is_bad: bool
    is_excluded: bool = False
    given_at: datetime = Field(sa_type=Moment, index=True)
    as_of: datetime = Field(sa_type=Moment)
    """When it was given as it is: by the last of its amendments."""


class ServedRatingTally(Table, table=True):
    """How many of the people whom an account served alone rated it in a quarter, by item; `bad`:
    how many of them were dissatisfied. Never shown by item."""

    __tablename__: ClassVar[str] = "served_rating_tally"
    __table_args__ = (CheckConstraint("bad BETWEEN 0 AND rated", name="bad_within_rated"),)

    hall_code: str = Field(primary_key=True, max_length=32)
    quarter: date = Field(primary_key=True)
    """Its first day."""
    account: str = Field(primary_key=True, max_length=128)
    item_code: str = Field(primary_key=True, max_length=64)
    rated: int
    bad: int
