"""Captures: what a portal answered, byte for byte, in a chain that cannot be rewritten unseen."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment
from shared.ids import new_id


class Capture(Table, table=True):
    """One answer of a portal. `chain` is the portal; `hash` covers the row and `previous_hash`.

    The bytes lie under their own `sha256` in the evidence store.
    """

    __tablename__ = "capture"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        CheckConstraint("seq > 0", name="seq_from_one"),
        CheckConstraint("(seq = 1) = (previous_hash IS NULL)", name="first_has_no_previous"),
        Index("ix_capture_captured_on_chain_seq", "captured_on", "chain", "seq"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    chain: str = Field(max_length=40)
    seq: int
    url: str = Field(max_length=800, index=True)
    final_url: str = Field(max_length=2000)
    status: int
    headers: dict[str, str] = Field(sa_type=JSONB)
    request_headers: dict[str, str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """As they were sent, the last time where it led elsewhere; None: of before they were kept."""
    fetched_at: datetime = Field(sa_type=Moment)
    captured_on: date
    """The day in Asia/Shanghai, whose Merkle root covers the capture."""
    size: int
    sha256: str = Field(max_length=64)
    charset: str | None = Field(default=None, max_length=16)
    is_public: bool
    previous_hash: str | None = Field(default=None, max_length=64)
    hash: str = Field(max_length=64)


class EvidenceDay(Table, table=True):
    """The Merkle root over all captures of a day, in the order of chain and number."""

    __tablename__ = "evidence_day"

    day: date = Field(primary_key=True)
    root: str = Field(max_length=64)
    captures: int
    sealed_at: datetime = Field(sa_type=Moment)
