"""By which key a device proves itself, and what it reported last."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states


class DeviceAccessState(StrEnum):
    INVITED = "invited"
    ENROLLED = "enrolled"
    REVOKED = "revoked"


class PaperState(StrEnum):
    """What is left of the paper; `unknown` where the device cannot tell, or has none."""

    FULL = "full"
    LOW = "low"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class DeviceAccess(Table, table=True):
    """Only digests of the code and the key are kept: nobody can take them from here.

    `version` counts what people decide, `beats` what the device reports, so that nobody who decides
    is refused by a heartbeat.
    """

    __tablename__: ClassVar[str] = "device_access"
    __table_args__ = (
        known_states("state", DeviceAccessState),
        CheckConstraint("(state = 'enrolled') = (key_hash IS NOT NULL)", name="enrolled_has_a_key"),
        CheckConstraint(
            "(code_hash IS NULL) = (code_expires_at IS NULL)", name="code_has_its_time"
        ),
    )

    device_id: UUID = Field(foreign_key="device.id", primary_key=True)
    state: DeviceAccessState = Field(sa_type=enum_type(DeviceAccessState, 16))
    version: int = 1
    code_hash: str | None = Field(default=None, unique=True, max_length=64)
    code_expires_at: datetime | None = Field(default=None, sa_type=Moment)
    invited_at: datetime = Field(sa_type=Moment)
    key_hash: str | None = Field(default=None, unique=True, max_length=64)
    enrolled_at: datetime | None = Field(default=None, sa_type=Moment)
    beats: int = 0
    seen_at: datetime | None = Field(default=None, sa_type=Moment)
    silent_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was published that nothing was heard of it; None while it reports."""
    paper: PaperState = Field(default=PaperState.UNKNOWN, sa_type=enum_type(PaperState, 16))
    faults: list[str] = Field(default_factory=list, sa_type=ARRAY(String(16)))
    software: str | None = Field(default=None, max_length=64)
