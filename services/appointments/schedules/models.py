"""The rules that slots are made from, the days that differ, and the closures that take slots."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, ClassVar
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
    """Places in each pool: {"online": 6, "phone": 2}."""
    lead_workdays: int = 0
    horizon_workdays: int = 5
    release_at: time = time(0, 0)
    """The time of day at which a day's slots go on sale."""
    share_at: time | None = None
    """As `returns` of the pool of staff, for the release before, which knows no others."""
    share_workdays: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    returns: dict[str, dict[str, Any]] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": "{}"}
    )
    """When what a pool has left goes online: {"phone": {"at": "17:00", "workdays": 1}}, so many
    working days before the day; 0: on it."""
    waves: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": "[]"}
    )
    """In what portions the places online are released, by time: [{"percent": 60, "at": "08:00",
    "workdays": 10}, ...], 100 in all; none: all at `release_at`."""
    valid_from: date | None = None
    valid_to: date | None = None
    created_by: str = Field(max_length=128)
    created_at: datetime = Field(sa_type=Moment)
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class ScheduleException(Table, table=True):
    """On these days a rule, an item or a window is served at other hours, or for more or fewer.

    It says one thing: hours, places in each pool (of a rule), or per cent of what a window
    usually sees. One that is lifted stays as a row. Where something is closed, see `Closure`.
    """

    __tablename__: ClassVar[str] = "schedule_exception"
    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="days_in_order"),
        CheckConstraint(
            "num_nonnulls(rule_code, item_code, window_no) = 1", name="of_one_thing_only"
        ),
        CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="hours_are_whole"),
        CheckConstraint("num_nonnulls(starts, capacity, percent) = 1", name="says_one_thing_only"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", index=True, max_length=32)
    first_on: date
    last_on: date
    rule_code: str | None = Field(default=None, max_length=32)
    item_code: str | None = Field(default=None, max_length=64)
    window_no: int | None = None
    starts: time | None = None
    ends: time | None = None
    """00:00 means the end of the day."""
    capacity: dict[str, int] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    percent: int | None = None
    reason: str = Field(max_length=300)
    version: int = 1
    created_by: str = Field(max_length=128)
    created_at: datetime = Field(sa_type=Moment)
    lifted_by: str | None = Field(default=None, max_length=128)
    lifted_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def presence(self) -> str:
        """What a refusal names as its state."""
        return "in_force" if self.lifted_at is None else "lifted"


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
