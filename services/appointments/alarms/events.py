"""What the room publishes: which window, since when and how it stands, never who or what was said.

Whoever keeps order in the hall is told by these: the staff's live stream, and other systems.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class AlarmEvent(Event):
    """What every event of an alarm carries."""

    alarm_id: UUID
    hall_code: str
    window_no: int
    kind: str | None = Field(
        description="情况种类，未说明为空 | What it is about; null where nobody said"
    )
    state: str
    version: int
    level: int = Field(description="升级次数 | How many levels it went higher")
    at: AwareDatetime


class AlarmRaised(AlarmEvent):
    """窗口按下紧急按钮，请立即前往。

    The emergency button of a window was pressed: somebody has to go there at once.
    """

    type: ClassVar[str] = "appointments.alarm.raised.v1"


class AlarmAcknowledged(AlarmEvent):
    """已有人前往处置。

    Somebody is on their way.
    """

    type: ClassVar[str] = "appointments.alarm.acknowledged.v1"


class AlarmEscalated(AlarmEvent):
    """规定时间内无人响应，或有人前往而未处置完毕（见 state），升一级。

    Nobody has acknowledged it within the time that the hall's policy gives, or whoever did has not
    ended it (`state` says which): a level higher.
    """

    type: ClassVar[str] = "appointments.alarm.escalated.v1"


class AlarmResolved(AlarmEvent):
    """处置完毕及其结果。

    It is over, with what came of it.
    """

    type: ClassVar[str] = "appointments.alarm.resolved.v1"

    outcome: str
