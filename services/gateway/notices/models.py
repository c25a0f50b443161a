"""Notices, their deliveries by channel, and what each account prefers. No phone is kept here."""

from datetime import datetime, time
from enum import IntEnum, StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.gateway.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class NoticeState(StrEnum):
    """Of a notice: done once it is known whom to reach. Of a delivery: done once handed over."""

    WAITING = "waiting"
    DONE = "done"
    DROPPED = "dropped"
    FAILED = "failed"


class NoticeChannel(StrEnum):
    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"


class NoticePriority(IntEnum):
    """What is taken first of what is due; the lower the sooner."""

    URGENT = 0
    ORDINARY = 1


_FIRST = {"server_default": str(NoticePriority.ORDINARY.value)}
_WAITING = text("state = 'waiting'")


class Notice(Table, table=True):
    """One message about one thing on one occasion; with an account it stands in its inbox."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("kind", "about_id", "occasion"),
        known_states("state", NoticeState),
        Index("ix_notice_due", "priority", "next_at", postgresql_where=_WAITING),
        Index(
            "ix_notice_inbox", "account_id", "id", postgresql_where=text("account_id IS NOT NULL")
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str = Field(max_length=32)
    """The service that knows what and whom it is about."""
    kind: str = Field(max_length=40)
    about_id: UUID
    occasion: str = Field(max_length=40)
    """What tells two messages of a kind about one thing apart, such as its version."""
    useful_until: datetime | None = Field(default=None, sa_type=Moment)
    priority: int = Field(default=NoticePriority.ORDINARY, sa_column_kwargs=_FIRST)
    state: NoticeState = Field(default=NoticeState.WAITING, sa_type=enum_type(NoticeState, 16))
    attempts: int = 0
    next_at: datetime = Field(sa_type=Moment)
    reason: str | None = Field(default=None, max_length=40)
    account_id: UUID | None = None
    facts_sealed: str | None = None
    created_at: datetime = Field(sa_type=Moment, index=True)
    read_at: datetime | None = Field(default=None, sa_type=Moment)


class NoticeDelivery(Table, table=True):
    """A notice on its way by one channel; a channel carries a notice once."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel"),
        known_states("state", NoticeState),
        Index(
            "ix_notice_delivery_due", "channel", "priority", "next_at", postgresql_where=_WAITING
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notice_id: UUID = Field(foreign_key="notice.id", ondelete="CASCADE")
    channel: NoticeChannel = Field(sa_type=enum_type(NoticeChannel, 16))
    priority: int = Field(default=NoticePriority.ORDINARY, sa_column_kwargs=_FIRST)
    state: NoticeState = Field(default=NoticeState.WAITING, sa_type=enum_type(NoticeState, 16))
    attempts: int = 0
    next_at: datetime = Field(sa_type=Moment)
    reason: str | None = Field(default=None, max_length=40)
    receipt: str | None = Field(default=None, max_length=200)
    """What the carrier calls the message by."""
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class NoticePreference(Table, table=True):
    """How an account wants to be reached besides its inbox.

    Nothing but a code goes to an address that was not confirmed by one.
    """

    __tablename__ = "notice_preference"
    __table_args__ = (
        CheckConstraint("(code_sealed IS NULL) = (code_expires_at IS NULL)", name="code_expires"),
    )
    presence: ClassVar[str] = "chosen"
    """What a refusal names as its state: it has no others."""

    account_id: UUID = Field(primary_key=True)
    email_sealed: str | None = None
    email_confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    code_sealed: str | None = None
    """What was sent to the address to confirm it by, as long as it is good for that."""
    code_expires_at: datetime | None = Field(default=None, sa_type=Moment)
    language: str = Field(default="zh", max_length=2)
    by_email: bool = False
    by_sms: bool = True
    muted: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    quiet_from: time
    quiet_until: time
    version: int = 1
