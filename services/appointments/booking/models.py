"""Appointments, the slots they occupy, the people booked by staff, and no-show penalties."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.appointments.slots.models import Pool
from services.appointments.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class AppointmentState(StrEnum):
    """held -> confirmed -> checked_in -> served | no_show; see `workflow.ROWS` for the rest.

    Lapsed (未了结): neither served nor missed. The person came, and the hall's day ended without a
    word on how it went; or the hall had given the time back after the deadline to cancel it, and
    nobody came.
    """

    HELD = "held"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    SERVED = "served"
    NO_SHOW = "no_show"
    LAPSED = "lapsed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    ORPHANED = "orphaned"
    CANCELLED_BY_HALL = "cancelled_by_hall"


def _by_number(table: str) -> list[Index]:
    """A person is found by each of their numbers."""
    return [
        Index(
            f"ix_{table}_{column}",
            column,
            postgresql_where=text(f"{column} IS NOT NULL"),
        )
        for column in ("person_document", "person_phone")
    ]


class Resolution(StrEnum):
    """What became of an appointment that had lost its time."""

    MOVED = "moved"
    CANCELLED = "cancelled"


class Appointment(Table, table=True):
    """One person's appointment for one item: a leg of a visit, and mostly the only one.

    What was booked together, for several people or items, has one `party_id`. Hall and item are not
    foreign keys here. Its slots are, and they carry both; a key on one busy hall row would make
    every booking of the hall lock that row.
    """

    __tablename__: ClassVar[str] = "appointment"
    __table_args__ = (
        # The cap: one live appointment a citizen, item and day; and of those who come with them.
        Index(
            "uq_appointment_live",
            "citizen_key",
            "item_code",
            "on_date",
            "person_no",
            unique=True,
            postgresql_where=text("state IN ('held', 'confirmed', 'checked_in')"),
        ),
        Index("ix_appointment_expiring", "expires_at", postgresql_where=text("state = 'held'")),
        Index("ix_appointment_hall", "hall_code", "starts_at"),
        Index("ix_appointment_hall_state", "hall_code", "state", "starts_at", "id"),
        Index("ix_appointment_citizen", "citizen_key", "id"),
        *_by_number("appointment"),
        Index("ix_appointment_visit", "visit_id", postgresql_where=text("visit_id IS NOT NULL")),
        Index("ix_appointment_party", "party_id", postgresql_where=text("party_id IS NOT NULL")),
        Index(
            "ix_appointment_orphaned",
            "hall_code",
            "starts_at",
            postgresql_where=text("state = 'orphaned'"),
        ),
        Index(
            "ix_appointment_checked_in",
            "hall_code",
            "changed_at",
            postgresql_where=text("state = 'checked_in'"),
        ),
        Index(
            "ix_appointment_known", "starts_at", postgresql_where=text("name_sealed IS NOT NULL")
        ),
        Index(
            "ix_appointment_reason", "starts_at", postgresql_where=text("reason_sealed IS NOT NULL")
        ),
        known_states("state", AppointmentState),
        CheckConstraint("(state = 'held') = (expires_at IS NOT NULL)", name="only_holds_expire"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(unique=True, max_length=16)
    hall_code: str = Field(max_length=32)
    item_code: str = Field(max_length=64)
    pool: Pool = Field(sa_type=enum_type(Pool, 16))
    citizen_key: str = Field(
        max_length=140, sa_column_kwargs=digest("id:", "tel:", of="citizen", place=2)
    )
    """`sub:<account>`, or `id:` / `tel:` and the blind index of the ID or phone number."""
    person_document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=2)
    )
    person_phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=2)
    )
    """Digests by which every service knows the person: `people.rules`."""
    booked_by: str = Field(max_length=128)
    on_date: date
    starts_at: datetime = Field(sa_type=Moment)
    minutes: int
    state: AppointmentState = Field(
        default=AppointmentState.HELD, sa_type=enum_type(AppointmentState, 20)
    )
    version: int = 1
    guide_version: int
    policy_version: int
    held_at: datetime = Field(sa_type=Moment)
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    checked_in_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the person was there, as far as is known; where a no-show was put right, the start."""
    regained_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the hall gave back the time that it had taken, the last time that it did."""
    rescheduled_from: UUID | None = Field(default=None, foreign_key="appointment.id")
    visit_id: UUID | None = None
    """The first appointment of a chain of moves, None for the first itself: one visit."""
    party_id: UUID | None = None
    """The first leg of what was booked together; None of what was booked alone."""
    person_no: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Which of the people it is for, all of whom are named by who booked; from 1."""
    leg_no: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """In which order that person has their legs; from 1."""
    calendar_base: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How often the entry of the visit had changed before this appointment replaced the last."""
    resolved: Resolution | None = Field(default=None, sa_type=enum_type(Resolution, 16))
    """How somebody whose time the hall took was helped."""
    cancelled_by_staff: bool | None = None
    """Whether the staff cancelled it, for whatever reason; None where nobody did, or nobody noted
    it: the release before did not."""
    reason_sealed: str | None = None
    """Why staff cancelled it or put it right, in their words."""
    name_sealed: str | None = None
    phone_sealed: str | None = None
    """Whom staff booked it for, as they named them then; or what its owner left: `contacts`."""


class AppointmentSlot(Table, table=True):
    """A place of an appointment in a slot: 1..n consecutive ones."""

    __tablename__: ClassVar[str] = "appointment_slot"

    appointment_id: UUID = Field(foreign_key="appointment.id", primary_key=True)
    slot_id: UUID = Field(foreign_key="slot.id", primary_key=True, index=True)


class BookingTurn(Table, table=True):
    """How often a person was given an appointment: two that are given at once meet here.

    Whoever books looks at what the person has and then takes the next turn; a turn that somebody
    took meanwhile fails, and the booking looks again.
    """

    __tablename__: ClassVar[str] = "booking_turn"

    key: str = Field(
        primary_key=True,
        max_length=140,
        sa_column_kwargs=digest("document:", "phone:", "id:", "tel:", is_counter=True, place=8),
    )
    turn: int


class Citizen(Table, table=True):
    """The contact of a person without an account, encrypted; found by `key` (blind index)."""

    __tablename__: ClassVar[str] = "citizen"
    __table_args__ = (Index("ix_citizen_updated_at", "updated_at"),)

    key: str = Field(
        primary_key=True,
        max_length=140,
        sa_column_kwargs=digest("id:", "tel:", of="citizen", place=6),
    )
    name_sealed: str
    phone_sealed: str
    id_number_sealed: str | None = None
    updated_at: datetime = Field(sa_type=Moment)


class PenaltyState(StrEnum):
    """in_force -> appealed -> lifted; see the room of the penalties."""

    IN_FORCE = "in_force"
    APPEALED = "appealed"
    LIFTED = "lifted"


class Penalty(Table, table=True):
    """Too many no-shows: no booking at this hall until `blocked_until`, unless lifted on appeal."""

    __tablename__: ClassVar[str] = "penalty"
    __table_args__ = (
        Index("ix_penalty_citizen", "citizen_key", "hall_code"),
        Index("ix_penalty_hall", "hall_code", "id"),
        Index(
            "ix_penalty_words",
            "blocked_until",
            postgresql_where=text("appeal_sealed IS NOT NULL OR lift_reason_sealed IS NOT NULL"),
        ),
        *_by_number("penalty"),
        known_states("state", PenaltyState),
        CheckConstraint("(state = 'lifted') = (lifted_at IS NOT NULL)", name="lifted_has_its_time"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(foreign_key="hall.code", max_length=32)
    citizen_key: str = Field(
        max_length=140, sa_column_kwargs=digest("id:", "tel:", of="citizen", place=3)
    )
    person_document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=3)
    )
    person_phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=3)
    )
    appointment_id: UUID = Field(foreign_key="appointment.id")
    no_shows: int
    policy_version: int
    blocked_from: datetime = Field(sa_type=Moment)
    blocked_until: datetime = Field(sa_type=Moment)
    state: PenaltyState = Field(
        default=PenaltyState.IN_FORCE,
        sa_type=enum_type(PenaltyState, 16),
        sa_column_kwargs={"server_default": PenaltyState.IN_FORCE.value},
    )
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    appeal_sealed: str | None = None
    appealed_at: datetime | None = Field(default=None, sa_type=Moment)
    lift_reason_sealed: str | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=Moment)
