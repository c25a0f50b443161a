"""Local accounts, their sign-ins, and the links by which a password is set."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.gateway.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class AccountState(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"
    PENDING = "pending"


class Account(Table, table=True):
    """Somebody or something that may sign in with a password or a client secret."""

    __tablename__ = "account"
    __table_args__ = (
        known_states("state", AccountState),
        CheckConstraint("name = lower(name)", name="name_is_lower_case"),
        # An account without a role could sign in and do nothing: a mistake, never a wish.
        CheckConstraint("cardinality(roles) > 0", name="has_a_role"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True, max_length=64)
    password_hash: str
    roles: list[str] = Field(sa_type=ARRAY(Text))
    places: list[str] = Field(sa_type=ARRAY(Text))
    state: AccountState = Field(default=AccountState.ACTIVE, sa_type=enum_type(AccountState))
    is_demo: bool = False
    changed_by: str | None = Field(default=None, max_length=64)
    """Who changed it last; processes of the release before look nowhere else."""
    acted_by: list[str] = Field(
        default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs={"server_default": "{}"}
    )
    """Who had a hand in it since a second person approved it last: none of them approves it. Of an
    account that needs no approval, whose link its password was set by."""
    password_set_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its owner set a password last; None: nobody can sign in with it yet."""
    version: int = 1
    created_at: datetime = Field(sa_type=Moment)


class PasswordLink(Table, table=True):
    """A one-time link by which an account's owner sets a password. Stored as a digest only."""

    __tablename__ = "password_link"

    hash: str = Field(primary_key=True, max_length=64)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    issued_by: str = Field(max_length=64)
    issued_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_because: str | None = Field(default=None, max_length=32)


class SignIn(Table, table=True):
    """One sign-in and everything refreshed from it: the family that reuse revokes as a whole."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    method: str = Field(max_length=32)
    started_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_because: str | None = Field(default=None, max_length=32)


class RefreshToken(Table, table=True):
    """Stored as its SHA-256 only. `used_at` is when it was first exchanged for its successor."""

    __tablename__ = "refresh_token"

    hash: str = Field(primary_key=True, max_length=64)
    sign_in_id: UUID = Field(foreign_key="sign_in.id", index=True, ondelete="CASCADE")
    issued_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)
