"""The working-day calendar: every day with its two ordinals and the notice it comes from."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment

NATIONAL = "CN"

Day = date
"""A date, where a field has that name."""


class RuleKind(StrEnum):
    """How a clock runs from the day the information was formed."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    REALTIME = "realtime"
    PROMPTLY = "promptly"
    FIXED_DATE = "fixed_date"
    NONE = "none"
    MONTHS = "months"
    PERIOD = "period"
    """Anew for each period, from its last day."""
    MIN_DISPLAY = "min_display"
    """公示: it is there from the day on, and not taken down too early."""
    KEEP_ONLINE = "keep_online"
    SAME_TIME_AS = "same_time_as"
    """From the day on which what it goes with was published, as an interpretation its policy."""


class CountedIn(StrEnum):
    """What the number of a rule counts."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"


class Every(StrEnum):
    """For how long a time something is due anew."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class Region(Table, table=True):
    """A place that may have working days of its own; without a notice of its own, the nation's."""

    __tablename__ = "region"

    code: str = Field(primary_key=True, max_length=16)
    name: str = Field(max_length=100)
    name_en: str = Field(max_length=100)


class CalendarVersion(Table, table=True):
    """One holiday notice for one year, or the correction of an earlier one (as in 2019, 2020)."""

    __tablename__ = "calendar_version"

    region: str = Field(primary_key=True, foreign_key="region.code", max_length=16)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    year: int
    notice: str = Field(max_length=300)
    rest_days: list[str] = Field(sa_type=JSONB)
    working_weekends: list[str] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=Moment)
    created_by: str = Field(max_length=100)


class WorkCalendarDay(Table, table=True):
    """A day of a region, with its two ordinals.

    `ord_start` counts the working days up to and including it; `ord_end` is the number of the first
    working day from it on. Something is in time iff `ord_end(day) <= ord_start(from) + n`.
    """

    __tablename__ = "work_calendar"
    __table_args__ = (
        CheckConstraint(
            "ord_end = ord_start + CASE WHEN is_workday THEN 0 ELSE 1 END", name="ordinals_agree"
        ),
        Index("ix_work_calendar_region_ord_start", "region", "ord_start"),
    )

    region: str = Field(primary_key=True, max_length=16)
    date: Day = Field(primary_key=True)
    is_workday: bool
    ord_start: int
    ord_end: int
    source_notice: str = Field(max_length=300)
    version: int
