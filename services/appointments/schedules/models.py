"""The rules that slots are made from, and the closures that take them away."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Integer, String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type
from shared.ids import new_id


class CalendarKind(StrEnum):
    """Which days count for the rule: official working days, or every day of the week."""

    OFFICIAL = "official"
    EVERY_DAY = "every_day"


class ScheduleRule(Table, table=True):
    """One version of a rule. A change inserts the next version and retires this one."""

    __tablename__: ClassVar[str] = "schedule_rule"
    __table_args__ = (
        UniqueConstraint("hall_code", "code", "version"),
        # One version of a rule is in force.
        Index(
            "uq_schedule_rule_in_force",
            "hall_code",
            "code",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
        CheckConstraint("slot_minutes BETWEEN 5 AND 480", name="slot_minutes_are_sane"),
        CheckConstraint("every_n_weeks BETWEEN 1 AND 52", name="weeks_are_sane"),
        CheckConstraint("lead_workdays BETWEEN 0 AND 60", name="lead_is_sane"),
        CheckConstraint("horizon_workdays BETWEEN lead_workdays AND 120", name="horizon_is_sane"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    code: str = Field(max_length=32)
    version: int
    name: str = Field(default="", max_length=100)
    item_codes: list[str] = Field(sa_type=ARRAY(String(64)))
    calendar: CalendarKind = Field(
        default=CalendarKind.OFFICIAL, sa_type=enum_type(CalendarKind, 16)
    )
    weekdays: list[int] = Field(sa_type=ARRAY(Integer))
    every_n_weeks: int = 1
    anchor_on: date | None = None
    """A day of a week in which the rule applies, when it does not apply every week."""
    nth_week: int | None = None
    """1-5: only the nth such weekday of a month; -1: only the last."""
    starts: time
    ends: time
    """00:00 means the end of the day."""
    slot_minutes: int
    capacity: dict[str, int] = Field(sa_type=JSONB)
    """Places in each pool: {"online": 6, "assisted": 2}."""
    lead_workdays: int = 0
    horizon_workdays: int = 5
    release_at: time = time(0, 0)
    """The time of day at which a day's slots go on sale."""
    share_at: time | None = None
    """The time of day from which what staff have not used of a day is for citizens too."""
    share_workdays: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """So many working days before that day; 0: on it."""
    valid_from: date | None = None
    valid_to: date | None = None
    created_by: str = Field(max_length=128)
    created_at: datetime = Field(sa_type=Moment)
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class Closure(Table, table=True):
    """The hall sees nobody in this time, or nobody at a window, for an item, by a rule.

    One that is lifted stays as a row: it says when and by whom.
    """

    __tablename__: ClassVar[str] = "closure"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", index=True, max_length=32)
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    reason: str = Field(max_length=300)
    window_no: int | None = None
    item_code: str | None = Field(default=None, max_length=64)
    rule_code: str | None = Field(default=None, max_length=32)
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    created_by: str = Field(max_length=128)
    created_at: datetime = Field(sa_type=Moment)
    lifted_by: str | None = Field(default=None, max_length=128)
    lifted_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def presence(self) -> str:
        """What a refusal names as its state."""
        return "in_force" if self.lifted_at is None else "lifted"
