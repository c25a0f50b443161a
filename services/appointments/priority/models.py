"""Queue policies of the halls: credits and limits as versioned data, each with its basis."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment


class TicketClass(StrEnum):
    """Why a ticket has, or has not, a credit of time."""

    WALK_IN = "walk_in"
    ELDERLY = "elderly"
    PREGNANT = "pregnant"
    CHILD_IN_ARMS = "child_in_arms"
    DISABLED = "disabled"
    MILITARY = "military"
    MARTYRS_FAMILY = "martyrs_family"
    FIREFIGHTER = "firefighter"
    APPOINTMENT = "appointment"
    GREEN_CHANNEL = "green_channel"
    OVERRIDE = "override"


class QueuePolicy(Table, table=True):
    """One version of a hall's policy. The newest holds; older ones explain older calls."""

    __tablename__: ClassVar[str] = "queue_policy"
    __table_args__ = (CheckConstraint("version > 0", name="version_counts_from_one"),)

    hall_code: str = Field(primary_key=True, max_length=32)
    version: int = Field(primary_key=True)
    rules: dict[str, Any] = Field(sa_type=JSONB)
    basis: str = Field(max_length=500)
    decided_by: str = Field(max_length=128)
    decided_at: datetime = Field(sa_type=Moment)
