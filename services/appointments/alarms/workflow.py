"""What may happen to an alarm: one table. It ends by people alone, never by the clock."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.appointments.alarms import events
from services.appointments.alarms.events import AlarmEvent
from services.appointments.alarms.models import Alarm, AlarmState
from shared.errors import Text
from shared.workflow import Workflow


class AlarmAction(StrEnum):
    REPEAT = "repeat"
    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    RESOLVE = "resolve"


class AlarmRow(NamedTuple):
    """A row of the table; `event` is what subscribers are sent. `by_another`: not by whoever
    raised it, or works at its window, who may be made to say that all is well. `limit`: the column
    that says within how long somebody does what is next, else it goes a level higher."""

    state: AlarmState
    action: AlarmAction
    to: AlarmState
    roles: frozenset[str]
    event: type[AlarmEvent]
    by_another: bool = False
    limit: str | None = None

    def escalates_at(self, alarm: Alarm, now: datetime) -> datetime | None:
        """When an alarm to which this happens now goes higher; None: never."""
        return now + timedelta(seconds=getattr(alarm, self.limit)) if self.limit else None


_S, _A = AlarmState, AlarmAction
_STAFF = frozenset({"clerk", "hall_manager"})
_AT_WINDOW = _STAFF | {"device"}
_SYSTEM: frozenset[str] = frozenset()

ROWS = (
    AlarmRow(
        _S.RAISED, _A.REPEAT, _S.RAISED, _AT_WINDOW, events.AlarmRaised,
        limit="acknowledge_seconds",
    ),
    AlarmRow(
        _S.RAISED, _A.ACKNOWLEDGE, _S.ACKNOWLEDGED, _STAFF, events.AlarmAcknowledged,
        by_another=True, limit="resolve_seconds",
    ),
    AlarmRow(
        _S.RAISED, _A.ESCALATE, _S.RAISED, _SYSTEM, events.AlarmEscalated,
        limit="acknowledge_seconds",
    ),
    AlarmRow(
        _S.ACKNOWLEDGED, _A.ESCALATE, _S.ACKNOWLEDGED, _SYSTEM, events.AlarmEscalated,
        limit="resolve_seconds",
    ),
    AlarmRow(
        _S.ACKNOWLEDGED, _A.RESOLVE, _S.RESOLVED, _STAFF, events.AlarmResolved, by_another=True
    ),
)  # fmt: skip
WORKFLOW = Workflow(
    ROWS,
    {
        _S.RAISED: Text("求助中", "raised"),
        _S.ACKNOWLEDGED: Text("有人前往", "acknowledged"),
        _S.RESOLVED: Text("已处置", "resolved"),
    },
    {
        _A.REPEAT: Text("再次求助", "repeat"),
        _A.ACKNOWLEDGE: Text("响应", "acknowledge"),
        _A.ESCALATE: Text("逾时升级", "escalate"),
        _A.RESOLVE: Text("登记结果", "resolve"),
    },
    title=Text("紧急求助", "Alarms"),
    starts=[_S.RAISED],
    columns={
        "event": Text("事件", "event"),
        "by_another": Text("须由另一人", "by another person"),
        "limit": Text("此后时限", "limit then"),
    },
)
