"""Supervision orders, what they demand, what was done about each, and proofs of publication."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

HIGHEST_LEVEL = 3


class OrderState(StrEnum):
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    CLOSED = "closed"


ENDED = (OrderState.ACCEPTED, OrderState.CLOSED)


class Cause(StrEnum):
    """Why an order was issued: an overdue duty, a passed limit, a bad rating, a demand."""

    DUTY = "duty"
    DEADLINE = "deadline"
    RATING = "rating"
    OTHER = "other"


class OrderStep(StrEnum):
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ESCALATED = "escalated"
    CLOSED = "closed"


class SupervisionOrder(Table, table=True):
    """One demand on one department. `bundle_key` is set while the day's bundle takes more items."""

    __tablename__ = "supervision_order"
    __table_args__ = (
        known_states("state", OrderState),
        # One open bundle a cause, department, day and level; an order no longer open has no key.
        UniqueConstraint("bundle_key"),
        UniqueConstraint("number"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level_is_known"),
        Index("ix_supervision_order_list", "issued_at", "id"),
        Index("ix_supervision_order_department", "department_code", "issued_at", "id"),
        Index(
            "ix_supervision_order_live",
            "id",
            postgresql_where=text("state NOT IN ('accepted', 'closed')"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(max_length=40)
    bundle_key: str | None = Field(default=None, max_length=100)
    cause: Cause = Field(sa_type=enum_type(Cause))
    department_code: str = Field(max_length=32)
    level: int
    state: OrderState = Field(default=OrderState.ISSUED, sa_type=enum_type(OrderState))
    version: int = 1
    demand_sealed: str | None = None
    issued_on: date
    issued_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class SupervisionItem(Table, table=True):
    """One cause in an order. Settled when the cause is gone or the answer was accepted."""

    __tablename__ = "supervision_item"
    __table_args__ = (
        # A cause stands in one order at a time, however often its event comes.
        Index(
            "uq_supervision_item_open",
            "cause",
            "cause_id",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_supervision_item_cause", "cause", "cause_id", "judged_at"),
        Index("ix_supervision_item_order", "order_id", "id"),
        # Evidence proves that the cause is gone: it comes with the settling or not at all.
        CheckConstraint(
            "evidence_event_id IS NULL OR settled_at IS NOT NULL", name="evidence_settles"
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID = Field(foreign_key="supervision_order.id")
    cause: Cause = Field(sa_type=enum_type(Cause))
    cause_id: UUID
    judged_at: datetime = Field(sa_type=Moment)
    due_on: date | None = None
    project_code: str | None = None
    project_name: str | None = None
    item_code: str | None = None
    item_name: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Moment)
    evidence_event_id: UUID | None = None
    evidence_url: str | None = None


class SupervisionStep(Table, table=True):
    """What was done to an order, when, by whom, at which level. Never updated."""

    __tablename__ = "supervision_step"
    __table_args__ = (
        known_states("state", OrderState),
        Index("ix_supervision_step_order", "order_id", "at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID = Field(foreign_key="supervision_order.id")
    step: OrderStep = Field(sa_type=enum_type(OrderStep))
    state: OrderState = Field(sa_type=enum_type(OrderState))
    level: int
    at: datetime = Field(sa_type=Moment)
    by: str = Field(max_length=128)
    said_sealed: str | None = None


class EndedRectification(Table, table=True):
    """An order to put a disclosure right that has ended after it was escalated; kept because the
    notice that it was escalated may arrive after that."""

    __tablename__ = "ended_rectification"

    rectification_id: UUID = Field(primary_key=True)
    event_id: UUID
    ended_at: datetime = Field(sa_type=Moment)


class PublicationProof(Table, table=True):
    """A duty that was found published; kept because its overdue notice may arrive after it."""

    __tablename__ = "publication_proof"

    duty_id: UUID = Field(primary_key=True)
    event_id: UUID
    url: str
    told_at: datetime = Field(sa_type=Moment)
