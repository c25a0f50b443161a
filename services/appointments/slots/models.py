"""Slots: the places that are on sale, one row for each time and pool."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class SlotState(StrEnum):
    """Planned, open, closed or withdrawn; `workflow.ROWS` says what leads where."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Pool(StrEnum):
    """By which way the places are given: online (网上、掌上), on the telephone (电话), on site at a
    machine or counter (现场), or by staff as they see fit (窗口代约)."""

    ONLINE = "online"
    ASSISTED = "assisted"
    PHONE = "phone"
    ON_SITE = "on_site"


BY_CHANNEL = frozenset({Pool.PHONE, Pool.ON_SITE})
"""Read since this release, and given out only where the operator says that every instance reads
them (decision 048)."""


class Slot(Table, table=True):
    """Some places at one time.

    `capacity` is what was given to the pool so far: places that a later release brings
    (`later_places`) are no part of it, and places that came from another pool, or went to one
    (`ceded`), are. The rest but `booked`, `kept_back`, `state` and `announced_full` never changes.
    """

    __tablename__: ClassVar[str] = "slot"
    __table_args__ = (
        known_states("state", SlotState),
        CheckConstraint("booked BETWEEN 0 AND capacity", name="booked_within_capacity"),
        CheckConstraint("kept_back >= 0", name="kept_back_from_none"),
        CheckConstraint("capacity BETWEEN 0 AND 5000", name="capacity_from_none"),
        CheckConstraint(
            "cardinality(later_at) = cardinality(later_places)", name="later_places_have_times"
        ),
        CheckConstraint("minutes BETWEEN 1 AND 480", name="minutes_are_sane"),
        # A rule never sells the same time of a pool twice.
        Index(
            "uq_slot_on_sale",
            "hall_code",
            "rule_code",
            "pool",
            "starts_at",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index("ix_slot_day", "hall_code", "on_date"),
        Index("ix_slot_open", "hall_code", "starts_at", postgresql_where=text("state = 'open'")),
        Index("ix_slot_planned", "opens_at", postgresql_where=text("state = 'planned'")),
        Index(
            "ix_slot_coming", "hall_code", "starts_at", postgresql_where=text("state = 'planned'")
        ),
        Index("ix_slot_closing", "closes_at", postgresql_where=text("state = 'open'")),
        Index(
            "ix_slot_ceding",
            "shared_from",
            postgresql_where=text("state = 'open' AND shared_from IS NOT NULL"),
        ),
        Index(
            "ix_slot_releasing",
            text("(later_at[1])"),
            postgresql_where=text("state = 'open' AND later_at IS NOT NULL"),
        ),
        # `booked` changes often: room in the page lets PostgreSQL update in place (HOT).
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    rule_code: str = Field(max_length=32)
    rule_version: int
    pool: Pool = Field(sa_type=enum_type(Pool, 16))
    item_codes: list[str] = Field(sa_type=ARRAY(String(64)))
    on_date: date
    """The hall's local day; caps count by it."""
    starts_at: datetime = Field(sa_type=Moment)
    minutes: int
    capacity: int
    booked: int = 0
    kept_back: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Free places that are not on sale again yet: a cancelled place returns after a while."""
    losses: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How often somebody lost a time in which a place of it could help them: whoever gives a place
    back without locks has seen all of those."""
    opens_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment)
    shared_from: datetime | None = Field(default=None, sa_type=Moment)
    """From when on its free places go to the pool online, of whatever pool it is; None: never."""
    ceded: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Of `capacity`, the places that came from other pools at that time; negative: that went."""
    later_at: list[datetime] | None = Field(default=None, sa_type=ARRAY(Moment))
    """When more of its places are released, by time, without what was; None: all of them were."""
    later_places: list[int] | None = Field(default=None, sa_type=ARRAY(Integer))
    """How many at each of these times."""
    state: SlotState = Field(default=SlotState.PLANNED, sa_type=enum_type(SlotState, 16))
    announced_full: bool = False
    """What was published last; a job announces the difference."""


class ReturningPlace(Table, table=True):
    """A place that was cancelled: from `due_at` on it is on sale again.

    So that nobody can cancel for somebody who waits at the other end of a line: cancel-and-rebook
    is what places are traded by.
    """

    __tablename__: ClassVar[str] = "returning_place"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slot_id: UUID = Field(foreign_key="slot.id", index=True)
    due_at: datetime = Field(sa_type=Moment, index=True)
    returned_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was given back: it goes to who waited by then. None of what the release before kept
    back, which goes to anybody who waits."""
