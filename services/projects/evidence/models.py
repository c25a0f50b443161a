"""Captures: what a portal answered, byte for byte, in a chain that cannot be rewritten unseen."""

import base64
import re
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field
from typing_extensions import TypedDict

from services.projects.tables import Table
from shared.database.tables import Moment
from shared.ids import new_id

DIGEST_HEADER = "Content-Digest"
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class Redirect(TypedDict):
    """An answer that led on to another address: as a capture, with the hash of its bytes.

    `fetched_at` is in ISO 8601, UTC.
    """

    url: str
    status: int
    headers: dict[str, str]
    request_headers: dict[str, str]
    fetched_at: str
    size: int
    sha256: str


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
    redirects: list[Redirect] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """What led from `url` to `final_url`, in its order; None: nothing did, or it was not kept."""
    fetched_at: datetime = Field(sa_type=Moment)
    captured_on: date
    """The day in Asia/Shanghai, whose Merkle root covers the capture."""
    size: int
    sha256: str = Field(max_length=64)
    charset: str | None = Field(default=None, max_length=16)
    is_public: bool
    previous_hash: str | None = Field(default=None, max_length=64)
    hash: str = Field(max_length=64)

    @property
    def stored(self) -> list[str]:
        """The names of the bytes that it stands on: its own, those of what led to it, and those of
        what was sent for it."""
        led = [each["sha256"] for each in self.redirects or ()]
        return [self.sha256, *led, *filter(None, [self.posted_sha256])]

    @property
    def posted_sha256(self) -> str | None:
        """Under which hash what was sent is kept, as its header of then says; None of what was
        merely fetched."""
        asked = [led["request_headers"] for led in self.redirects or ()]
        for headers in (self.request_headers or {}, *asked):
            if found := _DIGEST.fullmatch(headers.get(DIGEST_HEADER, "")):
                return base64.b64decode(found[1]).hex()
        return None


class EvidenceMark(Table, table=True):
    """By what the store is known that holds the evidence: bytes of this name lie in it."""

    __tablename__ = "evidence_mark"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: UUID = Field(default_factory=new_id)
    marked_at: datetime = Field(sa_type=Moment)


class EvidenceDay(Table, table=True):
    """The Merkle root over all captures of a day, in the order of chain and number."""

    __tablename__ = "evidence_day"

    day: date = Field(primary_key=True)
    root: str = Field(max_length=64)
    captures: int
    sealed_at: datetime = Field(sa_type=Moment)
