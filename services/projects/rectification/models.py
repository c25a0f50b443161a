"""An order to put a finding right is a case of its own: with a last day, replies, proof, an end."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.auditing.models import Verdict
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

HIGHEST_LEVEL = 3


class RectificationState(StrEnum):
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    RETURNED = "returned"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REVOKED = "revoked"


WITH_UNIT = (
    RectificationState.ISSUED,
    RectificationState.ACKNOWLEDGED,
    RectificationState.RETURNED,
)
"""It is the unit's turn, and its term runs."""


class RectificationAction(StrEnum):
    """What persons do. What needs two is proposed by the first one."""

    ACKNOWLEDGE = "acknowledge"
    REPLY = "reply"
    RETURN = "return"
    PROPOSE_CLOSING = "propose_closing"
    CLOSE = "close"
    PROPOSE_REVOKING = "propose_revoking"
    REVOKE = "revoke"
    REFUSE = "refuse"


class RectificationSweep(StrEnum):
    """What nobody does: it follows from facts, rulings and the calendar."""

    PROVE = "prove"
    LIFT = "lift"
    RAISE = "raise"
    ESCALATE = "escalate"
    REOPEN = "reopen"


class RectificationStepKind(StrEnum):
    """A line of an order's history.

    counted_anew: its terms, after the calendar moved. This release reads it and does not write it
    yet (decision 048): until then the audit log alone says so.
    """

    ORDERED = "ordered"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    RETURNED = "returned"
    CLOSING_PROPOSED = "closing_proposed"
    REVOKING_PROPOSED = "revoking_proposed"
    RAISED = "raised"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REVOKED = "revoked"
    COUNTED_ANEW = "counted_anew"


class Closing(StrEnum):
    """Why an order has ended.

    proof: the collector saw, after the order, that the fault is gone. explained: two persons closed
    it without such a proof. revoked: two persons took it back. finding_lifted: the finding that it
    rests on no longer counts.
    """

    PROOF = "proof"
    EXPLAINED = "explained"
    REVOKED = "revoked"
    FINDING_LIFTED = "finding_lifted"


class ReplyKind(StrEnum):
    """What a unit answers with: where it is published now, a document, or why it cannot be."""

    ADDRESS = "address"
    DOCUMENT = "document"
    EXPLANATION = "explanation"


_ENDED = "(state IN ('closed', 'revoked'))"


class RectificationOrder(Table, table=True):
    """A demand on a unit to put right what a verdict blames it for.

    `due_on` None: the term ends in a year whose holiday notice is not loaded; it is counted from
    `term_from` by `term_days` working days, and again when the calendar moves. While a reply or a
    proposal waits for an auditor, `review_due_on` is their last day, counted likewise. `first_by`
    has proposed `proposal`, which another person carries out. `looked_at` is the version of the
    duty's standing of which it is known whether it proves anything.
    """

    __tablename__ = "rectification_order"
    __table_args__ = (
        known_states("state", RectificationState),
        CheckConstraint(
            f"{_ENDED} = (ended_at IS NOT NULL) AND {_ENDED} = (closing IS NOT NULL)"
            f" AND {_ENDED} = (ended_by IS NOT NULL)",
            name="ended_or_open",
        ),
        CheckConstraint("(proposal IS NULL) = (first_by IS NULL)", name="proposed_by_somebody"),
        CheckConstraint(
            "closing NOT IN ('explained', 'revoked')"
            " OR (first_by IS NOT NULL AND ended_by <> first_by AND ended_by <> issued_by)",
            name="ended_by_another",
        ),
        CheckConstraint("(closing = 'proof') = (proof_fact_id IS NOT NULL)", name="proof_proves"),
        CheckConstraint(f"level BETWEEN 1 AND {HIGHEST_LEVEL}", name="level_known"),
        UniqueConstraint("number", name="uq_rectification_order_number"),
        Index(
            "uq_rectification_order_open",
            "duty_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_rectification_order_duty_id", "duty_id"),
        Index("ix_rectification_order_proven", "id", postgresql_where=text("closing = 'proof'")),
        Index("ix_rectification_order_list", "due_on", "id"),
        Index("ix_rectification_order_unit_code", "unit_code", "due_on", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(max_length=40)
    duty_id: UUID = Field(foreign_key="duty.id")
    unit_code: str = Field(max_length=32)
    cause: Verdict = Field(sa_type=enum_type(Verdict, length=20))
    missing_elements: list[str] = Field(default_factory=list, sa_type=JSONB)
    demand: str = Field(max_length=500)
    state: RectificationState = Field(
        default=RectificationState.ISSUED, sa_type=enum_type(RectificationState, length=16)
    )
    level: int = 1
    term_from: date
    term_days: int
    due_on: date | None = None
    review_from: date | None = None
    review_days: int | None = None
    review_due_on: date | None = None
    issued_at: datetime = Field(sa_type=Moment)
    issued_by: str = Field(max_length=100)
    replied_by: str | None = Field(default=None, max_length=100)
    escalated_at: datetime | None = Field(default=None, sa_type=Moment)
    proposal: RectificationAction | None = Field(
        default=None, sa_type=enum_type(RectificationAction, length=20)
    )
    first_by: str | None = Field(default=None, max_length=100)
    closing: Closing | None = Field(default=None, sa_type=enum_type(Closing, length=16))
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_by: str | None = Field(default=None, max_length=100)
    proof_fact_id: int | None = Field(
        default=None, foreign_key="publication_fact.id", sa_type=BigInteger
    )
    looked_at: int | None = None
    version: int = 1


class RectificationStep(Table, table=True):
    """What was done to an order, when, by whom, with what words; never changed.

    A reply has its kind, and the address or the document that it names.
    """

    __tablename__ = "rectification_step"
    __table_args__ = (
        known_states("state", RectificationState),
        CheckConstraint("(step = 'replied') = (reply_kind IS NOT NULL)", name="reply_has_a_kind"),
        Index("ix_rectification_step_order_id", "order_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID = Field(foreign_key="rectification_order.id")
    step: RectificationStepKind = Field(sa_type=enum_type(RectificationStepKind, length=20))
    state: RectificationState = Field(sa_type=enum_type(RectificationState, length=16))
    level: int
    due_on: date | None = None
    reply_kind: ReplyKind | None = Field(default=None, sa_type=enum_type(ReplyKind, length=16))
    url: str | None = Field(default=None, max_length=1000)
    document: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, max_length=500)
    at: datetime = Field(sa_type=Moment)
    by: str = Field(max_length=100)


class RectificationPolicy(Table, table=True):
    """How many working days an order gives where it names none, how many more once it is returned
    or left alone, and how many an auditor has for a reply; versions, the newest in force."""

    __tablename__ = "rectification_policy"
    __table_args__ = (
        CheckConstraint("term_days > 0 AND further_days > 0", name="days_positive"),
        CheckConstraint("review_days > 0", name="review_days_positive"),
    )

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    term_days: int
    further_days: int
    review_days: int
    created_at: datetime = Field(sa_type=Moment)
    created_by: str = Field(max_length=100)


class RectificationYear(Table, table=True):
    """The last number that was given to an order in a year: they run without a gap."""

    __tablename__ = "rectification_year"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_number: int
    version: int = 1
