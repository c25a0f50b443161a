"""Redactions under review, and the public copies they end in."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Column, Field

from services.feedback.letters.models import LetterKind
from services.feedback.redaction.spans import SpanKind
from services.feedback.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class Part(StrEnum):
    """A text of a letter that is published."""

    TITLE = "title"
    BODY = "body"
    REPLY = "reply"


class RedactionState(StrEnum):
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    DECLINED = "declined"
    TAKEN_DOWN = "taken_down"


class DeclineReason(StrEnum):
    """Why a reply is lawfully not published (政府信息公开条例 art. 14-16, PIPL art. 25)."""

    PRIVACY = "privacy"
    STATE_SECRET = "state_secret"
    TRADE_SECRET = "trade_secret"
    PUBLIC_SECURITY = "public_security"
    NO_PUBLIC_INTEREST = "no_public_interest"


class ReviewVerdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Redaction(Table, table=True):
    """The decision whether and how one reply is published; anew, as a further edition, after the
    copy was taken down.
    """

    __tablename__ = "redaction"
    __table_args__ = (
        known_states("state", RedactionState),
        CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="one_or_two_reviewers"),
        CheckConstraint(
            "(state = 'declined') = (declined_for IS NOT NULL)", name="declined_for_a_reason"
        ),
        CheckConstraint(
            "state = 'taken_down' OR taken_down_reason_sealed IS NULL",
            name="a_reason_takes_it_down",
        ),
        # Of two that open the review of a reply at once one does.
        UniqueConstraint("reply_id", "edition"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id", index=True)
    reply_id: UUID = Field(foreign_key="letter_reply.id")
    edition: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    state: RedactionState = Field(
        default=RedactionState.IN_REVIEW, sa_type=enum_type(RedactionState)
    )
    version: int = 1
    spans_version: int = 1
    approvals_needed: int
    declined_for: DeclineReason | None = Field(default=None, sa_type=enum_type(DeclineReason))
    taken_down_reason_sealed: str | None = None
    opened_by: str = Field(max_length=100)
    opened_at: datetime = Field(sa_type=Moment)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)


class RedactionSpan(Table, table=True):
    """Characters of one of the texts that a rule or a reviewer wants gone."""

    __tablename__ = "redaction_span"
    __table_args__ = (
        CheckConstraint('"start" >= 0 AND "start" < "end"', name="span_is_not_empty"),
        CheckConstraint("(verdict IS NULL) = (decided_by IS NULL)", name="decided_by_somebody"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    redaction_id: UUID = Field(foreign_key="redaction.id", index=True)
    part: Part = Field(sa_type=enum_type(Part))
    start: int
    end: int
    kind: SpanKind = Field(sa_type=enum_type(SpanKind))
    hint: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Of a tagger, which errs: shown to the reviewer, and in nobody's way."""
    added_by: str | None = Field(default=None, max_length=100)
    verdict: ReviewVerdict | None = Field(default=None, sa_type=enum_type(ReviewVerdict))
    decided_by: str | None = Field(default=None, max_length=100)


class RedactionApproval(Table, table=True):
    """That a reviewer approved the copy as the spans then stood; changed spans need a new one."""

    __tablename__ = "redaction_approval"
    # The key lets nobody count twice.
    __table_args__ = (UniqueConstraint("redaction_id", "spans_version", "reviewer"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    redaction_id: UUID = Field(foreign_key="redaction.id")
    spans_version: int
    reviewer: str = Field(max_length=100)
    at: datetime = Field(sa_type=Moment)


class PublishedLetter(Table, table=True):
    """The public copy: the only text of a letter that the public API knows."""

    __tablename__ = "published_letter"
    __table_args__ = (
        Index("ix_published_letter_grams", "grams", postgresql_using="gin"),
        Index(
            "ix_published_letter_latest",
            text("published_at DESC"),
            text("reg_no DESC"),
            postgresql_where=text("taken_down_at IS NULL"),
        ),
    )

    letter_id: UUID = Field(primary_key=True, foreign_key="letter.id")
    redaction_id: UUID = Field(foreign_key="redaction.id")
    reg_no: str = Field(unique=True, max_length=40)
    kind: LetterKind = Field(sa_type=enum_type(LetterKind))
    title: str
    body: str
    reply: str
    department_code: str = Field(foreign_key="department.code")
    department: str
    received_on: date
    replied_on: date
    published_at: datetime = Field(sa_type=Moment)
    taken_down_at: datetime | None = Field(default=None, sa_type=Moment)
    haystack: str
    grams: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
