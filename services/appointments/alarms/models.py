"""Somebody at a window needs help at once: raised, acknowledged by a person, resolved."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

HIGHEST_LEVEL = 3
"""How often an alarm that nobody acknowledges, or ends, goes a level higher."""
RESOLVE_MINUTES = 15
"""Within which an alarm is ended once somebody is there, where the hall has laid nothing down."""


class AlarmState(StrEnum):
    """raised -> acknowledged -> resolved."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AlarmKind(StrEnum):
    """What it is about, where there was time to say so."""

    THREAT = "threat"
    MEDICAL = "medical"
    FIRE = "fire"
    OTHER = "other"


class AlarmOutcome(StrEnum):
    """What came of it."""

    SETTLED = "settled"
    POLICE = "police"
    AMBULANCE = "ambulance"
    FIRE_BRIGADE = "fire_brigade"
    FALSE_ALARM = "false_alarm"


class Alarm(Table, table=True):
    """One call for help. It refers to no other table, because a reference waits for whoever has
    locked the row that it names: an alarm waits for nobody who arranges windows or schedules.
    """

    __tablename__: ClassVar[str] = "alarm"
    __table_args__ = (
        known_states("state", AlarmState),
        CheckConstraint(f"level BETWEEN 0 AND {HIGHEST_LEVEL}", name="level_known"),
        CheckConstraint(
            "(state = 'raised') = (acknowledged_at IS NULL)", name="acknowledged_has_its_time"
        ),
        CheckConstraint("(state = 'resolved') = (outcome IS NOT NULL)", name="resolved_is_whole"),
        # Whoever presses twice, or two who press at once, raise one alarm.
        Index(
            "uq_alarm_raised", "window_id", unique=True, postgresql_where=text("state = 'raised'")
        ),
        Index("ix_alarm_due", "escalate_at", postgresql_where=text("escalate_at IS NOT NULL")),
        Index("ix_alarm_hall", "hall_code", "id"),
        Index("ix_alarm_text", "resolved_at", postgresql_where=text("text_sealed IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(max_length=32)
    window_id: UUID
    window_no: int
    kind: AlarmKind | None = Field(default=None, sa_type=enum_type(AlarmKind, 16))
    state: AlarmState = Field(default=AlarmState.RAISED, sa_type=enum_type(AlarmState, 16))
    version: int = 1
    level: int = 0
    policy_version: int
    acknowledge_seconds: int
    resolve_seconds: int = Field(
        default=RESOLVE_MINUTES * 60,
        sa_column_kwargs={"server_default": str(RESOLVE_MINUTES * 60)},
    )
    escalate_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it goes a level higher; None once it is over, and at the highest level until the button
    is pressed again."""
    raised_by: str = Field(max_length=128)
    raised_at: datetime = Field(sa_type=Moment)
    acknowledged_by: str | None = Field(default=None, max_length=128)
    acknowledged_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: AlarmOutcome | None = Field(default=None, sa_type=enum_type(AlarmOutcome, 16))
    text_sealed: str | None = None
    """What happened, in words: whoever it was about may be named in them."""
    resolved_by: str | None = Field(default=None, max_length=128)
    resolved_at: datetime | None = Field(default=None, sa_type=Moment)
