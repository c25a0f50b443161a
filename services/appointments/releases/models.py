"""Releases under pressure, and who is in line for them."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class ReleaseState(StrEnum):
    """announced -> closed -> open -> ended; see `workflow.RELEASE_ROWS`."""

    ANNOUNCED = "announced"
    CLOSED = "closed"
    OPEN = "open"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class ReleaseEntryState(StrEnum):
    """waiting -> admitted -> booked | lapsed; see `workflow.ENTRY_ROWS`."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    BOOKED = "booked"
    LAPSED = "lapsed"
    LEFT = "left"
    DROPPED = "dropped"


class Release(Table, table=True):
    """The places of a hall for some items, at times from `starts_from` to `starts_until`.

    What is published when it is announced never changes. `version` counts its states, `pace` how it
    goes on while it is open: whoever withdraws it need not have seen the last person admitted.
    """

    __tablename__: ClassVar[str] = "release"
    __table_args__ = (
        known_states("state", ReleaseState),
        CheckConstraint("first_on <= last_on", name="days_in_order"),
        CheckConstraint("joins_from < opens_at AND opens_at < ends_at", name="times_in_order"),
        CheckConstraint(
            "least_per_minute BETWEEN 1 AND most_per_minute", name="least_is_not_above_most"
        ),
        CheckConstraint("seed IS NULL OR drawn_at IS NOT NULL", name="seed_is_shown_once_drawn"),
        CheckConstraint(
            "(closed_at IS NULL) = (entries_digest IS NULL)", name="closed_has_its_digest"
        ),
        Index("ix_release_hall", "hall_code", "id"),
        Index("ix_release_due", "opens_at", postgresql_where=text("state = 'announced'")),
        Index("ix_release_closed", "id", postgresql_where=text("state = 'closed'")),
        Index("ix_release_open", "id", postgresql_where=text("state = 'open'")),
        Index(
            "ix_release_over",
            "changed_at",
            postgresql_where=text("state IN ('ended', 'withdrawn') AND cleared_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    title: str = Field(max_length=100)
    item_codes: list[str] = Field(sa_type=ARRAY(String(64)))
    first_on: date
    last_on: date
    starts_from: datetime = Field(sa_type=Moment)
    starts_until: datetime = Field(sa_type=Moment)
    """The days of the hall as moments: the first that is meant, and the first behind them."""
    joins_from: datetime = Field(sa_type=Moment)
    opens_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    window_minutes: int
    least_per_minute: int
    most_per_minute: int
    policy_version: int
    commitment: str = Field(max_length=64)
    """SHA-256 of the seed, in hexadecimal digits."""
    seed_sealed: str
    seed: str | None = Field(default=None, max_length=64)
    entries_digest: str | None = Field(default=None, max_length=64)
    entry_count: int | None = None
    """How many are in the draw."""
    state: ReleaseState = Field(default=ReleaseState.ANNOUNCED, sa_type=enum_type(ReleaseState, 16))
    version: int = 1
    pace: int = 1
    last_number: int = 0
    """Up to which number people in line have one."""
    called_through: int = 0
    """The highest number that was admitted."""
    per_minute: int = 0
    places_left: int | None = None
    """Free places for which nobody is admitted yet; None before it opens."""
    paced_at: datetime | None = Field(default=None, sa_type=Moment)
    """Until when those whose turn it was have been admitted."""
    announced_by: str = Field(max_length=128)
    announced_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    drawn_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str | None = Field(default=None, max_length=500)
    """Why it was withdrawn; published."""
    cleared_at: datetime | None = Field(default=None, sa_type=Moment)
    """When nobody was left in line, once it was over."""


class ReleaseEntry(Table, table=True):
    """Somebody in line for a release.

    Its id is published with the draw, so it is random, and does not tell by its time who it is.
    """

    __tablename__: ClassVar[str] = "release_entry"
    __table_args__ = (
        known_states("state", ReleaseEntryState),
        CheckConstraint(
            "state <> 'admitted' OR expires_at IS NOT NULL", name="admitted_for_a_time"
        ),
        Index(
            "uq_release_entry_live",
            "release_id",
            "citizen_key",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'admitted', 'booked')"),
        ),
        Index(
            "uq_release_entry_number",
            "release_id",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
        Index(
            "ix_release_entry_waiting",
            "release_id",
            "number",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_release_entry_admitted",
            "release_id",
            "expires_at",
            postgresql_where=text("state = 'admitted'"),
        ),
        Index(
            "ix_release_entry_booked",
            "release_id",
            "changed_at",
            postgresql_where=text("state = 'booked'"),
        ),
        Index("ix_release_entry_release", "release_id", "joined_at", "id"),
        Index("ix_release_entry_citizen", "citizen_key", "joined_at"),
        *(
            Index(
                f"ix_release_entry_{column}",
                column,
                postgresql_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("person_document", "person_phone")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    release_id: UUID = Field(foreign_key="release.id")
    citizen_key: str = Field(
        max_length=140, sa_column_kwargs=digest("id:", "tel:", of="citizen", place=5)
    )
    person_document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=5)
    )
    person_phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=5)
    )
    joined_by: str = Field(max_length=128)
    joined_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    is_drawn: bool
    """Whether it is in the draw; who joins later is in line by arrival."""
    persons: int | None = None
    """How many come, as was said on joining: the visit is of no more. None of whom the release
    before let join, which did not ask: of any number."""
    number: int | None = None
    """The place in line: given by the draw, then by arrival."""
    state: ReleaseEntryState = Field(
        default=ReleaseEntryState.WAITING, sa_type=enum_type(ReleaseEntryState, 16)
    )
    version: int = 1
    admitted_at: datetime | None = Field(default=None, sa_type=Moment)
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    """Until when who is admitted may book."""
    appointment_id: UUID | None = None
    """The first leg of the visit that was booked last; it is used as long as any leg stands."""
