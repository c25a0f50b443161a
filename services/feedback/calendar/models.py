"""Which edition of a region's calendar holds."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment
from shared.workdays import Workdays


class CalendarEdition(Table, table=True):
    """Raised by every notice that changes a day; what was computed by an earlier one is due anew.

    A region without a notice of its own has no row: it is at edition 0, the built-in calendar.
    """

    __tablename__ = "calendar_edition"
    __table_args__ = (CheckConstraint("edition > 0", name="edition_counts_notices"),)

    region: str = Field(primary_key=True, max_length=16)
    edition: int
    notice: str
    learned_at: datetime = Field(sa_type=Moment)


class Calendar(NamedTuple):
    """A region's working days as they are known now, and the edition they are of."""

    edition: int
    notice: str
    days: Workdays


class Edition(NamedTuple):
    """Which edition holds, of which notice, learned when; 0 before the first notice."""

    number: int = 0
    notice: str = ""
    learned_at: str = ""
