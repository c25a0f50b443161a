"""The tables that every service has, and what room models need to declare their own."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Enum,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.digest_columns import lapsing
from shared.database.sealed_columns import sealed_to

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Moment = DateTime(timezone=True)
"""Column type of an `_at`: aware in Python, timestamptz in PostgreSQL."""


def new_metadata() -> MetaData:
    """Metadata whose constraints have predictable names, so that migrations can name them."""
    return MetaData(naming_convention=NAMING)


def enum_type(members: type[StrEnum], length: int = 32) -> Any:
    """A text column that holds the values of a StrEnum (no native enum: those cannot shrink)."""
    return Enum(
        members,
        native_enum=False,
        length=length,
        create_constraint=False,
        values_callable=lambda enum: [member.value for member in enum],
    )


def known_states(column: str, states: type[StrEnum]) -> CheckConstraint:
    """The database refuses a state that the workflow's table does not know."""
    listed = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def system_tables(metadata: MetaData) -> dict[str, Table]:
    """Declares outbox, inbox, idempotency, audit_log, audit_seal and calendar_day in `metadata`."""
    tables = (_outbox, _inbox, _idempotency, _audit_log, _audit_seal, _calendar_day)
    return {table.name: table for table in (declare(metadata) for declare in tables)}


def _outbox(metadata: MetaData) -> Table:
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("subject", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("traceparent", Text),
        Column("recorded_at", Moment, server_default=func.now(), nullable=False),
        Column("published_at", Moment),
        Index("ix_outbox_waiting", "position", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_published_at", "published_at"),
    )


def _inbox(metadata: MetaData) -> Table:
    return Table(
        "inbox",
        metadata,
        Column("subscription", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("handled_at", Moment, server_default=func.now(), nullable=False),
        Index("ix_inbox_handled_at", "handled_at"),
    )


def _idempotency(metadata: MetaData) -> Table:
    return Table(
        "idempotency",
        metadata,
        Column("caller", Text, primary_key=True),
        Column("key", Text, primary_key=True, **lapsing()),
        Column("route", Text, nullable=False),
        Column("request_hash", Text, nullable=False, **lapsing()),
        Column("status", SmallInteger),
        Column("answer", JSONB),
        Column("sealed", Text, **sealed_to("idempotency.answer", "key")),
        Column("headers", JSONB),
        Column("created_at", Moment, server_default=func.now(), nullable=False),
        Index("ix_idempotency_created_at", "created_at"),
    )


def _audit_log(metadata: MetaData) -> Table:
    return Table(
        "audit_log",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("at", Moment, nullable=False),
        Column("actor", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("details", JSONB, nullable=False),
    )


def _audit_seal(metadata: MetaData) -> Table:
    return Table(
        "audit_seal",
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("entry_id", BigInteger, nullable=False),
        Column("hash", Text, nullable=False),
        Column("sealed_at", Moment, server_default=func.now(), nullable=False),
        UniqueConstraint("entry_id"),
    )


def _calendar_day(metadata: MetaData) -> Table:
    return Table(
        "calendar_day",
        metadata,
        Column("region", Text, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("is_workday", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("notice", Text, nullable=False),
    )
