"""Tickets, the calls that answer them, the windows at work, and the log of all that happened."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.appointments.priority.models import TicketClass
from services.appointments.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class TicketState(StrEnum):
    WAITING = "waiting"
    CALLED = "called"
    RECALLED = "recalled"
    SERVING = "serving"
    PARKED = "parked"
    MISSED = "missed"
    TRANSFERRED = "transferred"
    DONE = "done"
    ABANDONED = "abandoned"
    CLOSED = "closed"


class WindowState(StrEnum):
    OFFLINE = "offline"
    OPEN = "open"
    PAUSED = "paused"
    DRAINING = "draining"
    CLOSED = "closed"


class Outcome(StrEnum):
    """Whether the matter was done in this visit."""

    DONE = "done"
    NEEDS_MORE = "needs_more"
    REJECTED = "rejected"


OVER = (TicketState.TRANSFERRED, TicketState.DONE, TicketState.ABANDONED, TicketState.CLOSED)
ALIVE = f"state <> ALL ('{{{','.join(OVER)}}}')"
"""Queries that should use the indexes below say it in these very words."""
LIVE_INDEXES = ("uq_ticket_live_appointment", "uq_ticket_live_evidence", "uq_ticket_live_owner")
"""What refuses a second live ticket for the same."""
_ON_FLOOR = "state IN ('called', 'recalled', 'serving', 'parked', 'missed')"


class HallFloor(Table, table=True):
    """One row a hall: it numbers the events without gaps, and is the last lock of every change on
    the floor but for windows.

    `plain_turns` counts, for an item where an ordinary person has waited too long, the calls that
    went by credit since the last one that ignored it.
    """

    __tablename__: ClassVar[str] = "hall_floor"
    # Changed with every event: room in the page lets PostgreSQL update in place (HOT).
    __table_args__ = ({"postgresql_with": {"fillfactor": 20}},)

    hall_code: str = Field(primary_key=True, max_length=32)
    seq: int = 0
    plain_turns: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)


class NumberSeries(Table, table=True):
    """The last number given in a hall on a day: A001, A002, ...; B for booked people."""

    __tablename__: ClassVar[str] = "number_series"

    hall_code: str = Field(primary_key=True, max_length=32)
    day: date = Field(primary_key=True)
    letter: str = Field(primary_key=True, max_length=1)
    last: int


class Ticket(Table, table=True):
    """One leg of a person's way through the hall: waiting for, and being seen at, one window."""

    __tablename__: ClassVar[str] = "ticket"
    __table_args__ = (
        # A number is said aloud in the hall, so it names one ticket a day.
        UniqueConstraint("hall_code", "service_day", "number", "leg"),
        known_states("state", TicketState),
        CheckConstraint("credit_minutes >= 0", name="credit_not_negative"),
        # due_at is what the calling statement orders by: it must follow from its parts.
        CheckConstraint(
            "due_at = ready_at - make_interval(mins => credit_minutes)", name="due_by_credit"
        ),
        Index(
            "ix_ticket_waiting",
            "hall_code",
            "due_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        # What somebody finds as their own, ended or not, however they are named.
        *(
            Index(
                f"ix_ticket_{column}", column, "id", postgresql_where=text(f"{column} IS NOT NULL")
            )
            for column in ("citizen_key", "person_document", "person_phone")
        ),
        Index("ix_ticket_owner", "owner", "id", postgresql_where=text("owner IS NOT NULL")),
        Index(
            "ix_ticket_appointment",
            "appointment_id",
            postgresql_where=text("appointment_id IS NOT NULL"),
        ),
        # Without the waiting ones, so that it is never taken for the index above.
        Index("ix_ticket_on_floor", "hall_code", "state", postgresql_where=text(_ON_FLOOR)),
        # One ticket for one appointment, one for one proof in a hall, and one for what an account
        # comes for: none can hold two places at once.
        Index(
            "uq_ticket_live_appointment",
            "appointment_id",
            unique=True,
            postgresql_where=text(f"appointment_id IS NOT NULL AND {ALIVE}"),
        ),
        Index(
            "uq_ticket_live_evidence",
            "hall_code",
            "evidence_index",
            unique=True,
            postgresql_where=text(f"evidence_index IS NOT NULL AND {ALIVE}"),
        ),
        Index(
            "uq_ticket_live_owner",
            "owner",
            "hall_code",
            "item_code",
            unique=True,
            postgresql_where=text(f"owner IS NOT NULL AND appointment_id IS NULL AND {ALIVE}"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(max_length=32)
    service_day: date
    number: str = Field(max_length=8)
    leg: int = 1
    visit_id: UUID = Field(index=True)
    """The id of the visit's first leg; the case that the visit ends with goes by it."""
    item_code: str = Field(max_length=64)
    items: list[str] = Field(sa_type=ARRAY(Text))
    pending: list[str] = Field(
        default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")}
    )
    """The items of the visit that come after this leg, at other windows."""
    for_window_id: UUID | None = None
    ticket_class: TicketClass = Field(sa_type=enum_type(TicketClass, 20))
    credit_minutes: int
    credit_reason: str | None = Field(default=None, max_length=120)
    evidence_index: str | None = Field(default=None, sa_column_kwargs=digest())
    policy_version: int
    owner: str | None = Field(default=None, max_length=128)
    """The account of a citizen who took the ticket themselves; shown to nobody."""
    citizen_key: str | None = Field(
        default=None,
        max_length=140,
        sa_column_kwargs=digest("id:", "tel:", of="citizen", place=1),
    )
    person_document: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.document", place=1)
    )
    person_phone: str | None = Field(
        default=None, max_length=64, sa_column_kwargs=digest(of="person.phone", place=1)
    )
    """Whose it is, by `people.rules`: None of who came to a kiosk and showed nothing."""
    appointment_id: UUID | None = None
    issued_at: datetime = Field(sa_type=Moment)
    ready_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    state: TicketState = Field(default=TicketState.WAITING, sa_type=enum_type(TicketState, 16))
    state_since: datetime = Field(sa_type=Moment)
    version: int = 1
    window_id: UUID | None = None
    window_no: int | None = None
    called_at: datetime | None = Field(default=None, sa_type=Moment)
    last_called_at: datetime | None = Field(default=None, sa_type=Moment)
    """The last call or recall; `called_at` is the first one since the ticket waited."""
    recalls: int = 0
    reprints: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How often it was printed once more; it counts apart from `version`."""
    outcome: Outcome | None = Field(default=None, sa_type=enum_type(Outcome, 16))
    missing: list[str] = Field(default_factory=list, sa_type=JSONB)
    next_leg_id: UUID | None = None


class Call(Table, table=True):
    """One person called to one window, with what a complaint needs to be replayed."""

    __tablename__: ClassVar[str] = "call"
    __table_args__ = (
        # The guarantee that no window has two people and no person two windows.
        Index(
            "uq_call_live_window",
            "window_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_call_live_ticket",
            "ticket_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        # A repeated call-next with the same key must not call a second person.
        Index(
            "uq_call_request",
            "window_id",
            "request_key",
            unique=True,
            postgresql_where=text("request_key IS NOT NULL"),
        ),
        Index("ix_call_ended", "hall_code", "ended_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    hall_code: str = Field(max_length=32)
    window_id: UUID
    window_no: int
    item_code: str = Field(max_length=64)
    clerk: str = Field(max_length=128)
    policy_version: int
    ignored_credits: bool = False
    overtook: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    request_key: str | None = None
    reason: str | None = Field(default=None, max_length=200)
    """Why this person was called and not whoever was next; None for a call in turn."""
    called_at: datetime = Field(sa_type=Moment)
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_by: str | None = None


class TicketEvent(Table, table=True):
    """What happened on a hall's floor, in order, never changed: statistics read nothing else."""

    __tablename__: ClassVar[str] = "ticket_event"
    __table_args__ = (
        Index("ix_ticket_event_ticket", "ticket_id", "hall_seq"),
        Index("ix_ticket_event_at", "hall_code", "at"),
        Index(
            "ix_ticket_event_undone",
            "hall_code",
            "undoes",
            postgresql_where=text("undoes IS NOT NULL"),
        ),
    )

    hall_code: str = Field(primary_key=True, max_length=32)
    hall_seq: int = Field(primary_key=True)
    ticket_id: UUID
    visit_id: UUID
    number: str = Field(max_length=8)
    item_code: str = Field(max_length=64)
    action: str
    from_state: str | None = None
    to_state: str
    version: int
    at: datetime = Field(sa_type=Moment)
    actor: str = Field(max_length=128)
    window_id: UUID | None = None
    window_no: int | None = None
    call_id: UUID | None = None
    waited_seconds: float | None = None
    served_seconds: float | None = None
    outcome: str | None = None
    predicted_p50: int | None = None
    predicted_p85: int | None = None
    undoes: int | None = None
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class WindowAtWork(Table, table=True):
    """The present shift of a window; a window without a row is offline."""

    __tablename__: ClassVar[str] = "window_at_work"
    __table_args__ = (known_states("state", WindowState),)

    window_id: UUID = Field(primary_key=True)
    hall_code: str = Field(index=True, max_length=32)
    window_no: int
    state: WindowState = Field(sa_type=enum_type(WindowState, 16))
    clerk: str = Field(max_length=128)
    account: str | None = Field(default=None, max_length=128)
    """Whose it is; `clerk` is what the person is called. None of what the release before opened."""
    pause_reason: str | None = None
    since: datetime = Field(sa_type=Moment)
    version: int = 1
