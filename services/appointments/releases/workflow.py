"""What may happen to a release, and to somebody in line for it: two tables."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.releases import events
from services.appointments.releases.events import ReleaseEntryEvent, ReleaseEvent
from services.appointments.releases.models import ReleaseEntryState, ReleaseState
from shared.errors import Text
from shared.workflow import Workflow


class ReleaseAction(StrEnum):
    CLOSE = "close"
    DRAW = "draw"
    ADVANCE = "advance"
    END = "end"
    WITHDRAW = "withdraw"


class ReleaseEntryAction(StrEnum):
    ADMIT = "admit"
    BOOK = "book"
    LAPSE = "lapse"
    LEAVE = "leave"
    DROP = "drop"


class ReleaseRow(NamedTuple):
    """A row of the table of releases; `event` is what subscribers are sent."""

    state: ReleaseState
    action: ReleaseAction
    to: ReleaseState
    event: type[ReleaseEvent]
    roles: frozenset[str] = frozenset()


class ReleaseEntryRow(NamedTuple):
    """A row of the table of who is in line."""

    state: ReleaseEntryState
    action: ReleaseEntryAction
    to: ReleaseEntryState
    event: type[ReleaseEntryEvent]
    roles: frozenset[str] = frozenset()


_S, _A = ReleaseState, ReleaseAction
MANAGERS = frozenset({"hall_manager", "admin"})

RELEASE_ROWS: tuple[ReleaseRow, ...] = (
    ReleaseRow(_S.ANNOUNCED, _A.CLOSE, _S.CLOSED, events.ReleaseClosed),
    ReleaseRow(_S.CLOSED, _A.DRAW, _S.OPEN, events.ReleaseDrawn),
    ReleaseRow(_S.OPEN, _A.ADVANCE, _S.OPEN, events.ReleaseAdvanced),
    ReleaseRow(_S.OPEN, _A.END, _S.ENDED, events.ReleaseEnded),
    *(
        ReleaseRow(state, _A.WITHDRAW, _S.WITHDRAWN, events.ReleaseWithdrawn, MANAGERS)
        for state in (_S.ANNOUNCED, _S.CLOSED, _S.OPEN)
    ),
)
RELEASES = Workflow(
    RELEASE_ROWS,
    {
        _S.ANNOUNCED: Text("已公布", "announced"),
        _S.CLOSED: Text("待抽签", "to be drawn"),
        _S.OPEN: Text("按次序放号中", "open"),
        _S.ENDED: Text("已结束", "over"),
        _S.WITHDRAWN: Text("已撤销", "withdrawn"),
    },
    {
        _A.CLOSE: Text("固定名单", "fix who is in the draw"),
        _A.DRAW: Text("抽签", "draw"),
        _A.ADVANCE: Text("叫号进入", "admit the next"),
        _A.END: Text("结束", "end"),
        _A.WITHDRAW: Text("撤销", "withdraw"),
    },
    title=Text("抽签放号", "Releases under pressure"),
    starts=[_S.ANNOUNCED],
    columns={"event": Text("事件", "event")},
)

_E, _B = ReleaseEntryState, ReleaseEntryAction
OWNER = frozenset({"citizen", "clerk", "hall_manager"})

ENTRY_ROWS: tuple[ReleaseEntryRow, ...] = (
    ReleaseEntryRow(_E.WAITING, _B.ADMIT, _E.ADMITTED, events.ReleaseEntryAdmitted),
    ReleaseEntryRow(_E.ADMITTED, _B.BOOK, _E.BOOKED, events.ReleaseEntryBooked),
    # Another time, once what was booked is given up again: in the same window.
    ReleaseEntryRow(_E.BOOKED, _B.BOOK, _E.BOOKED, events.ReleaseEntryBooked),
    ReleaseEntryRow(_E.ADMITTED, _B.LAPSE, _E.LAPSED, events.ReleaseEntryLapsed),
    *(
        ReleaseEntryRow(state, _B.LEAVE, _E.LEFT, events.ReleaseEntryLeft, OWNER)
        for state in (_E.WAITING, _E.ADMITTED)
    ),
    *(
        ReleaseEntryRow(state, _B.DROP, _E.DROPPED, events.ReleaseEntryDropped)
        for state in (_E.WAITING, _E.ADMITTED)
    ),
)
ENTRIES = Workflow(
    ENTRY_ROWS,
    {
        _E.WAITING: Text("排队中", "waiting"),
        _E.ADMITTED: Text("轮到您了，请预约", "admitted"),
        _E.BOOKED: Text("已约上", "booked"),
        _E.LAPSED: Text("未在时限内预约", "lapsed"),
        _E.LEFT: Text("已退出", "left"),
        _E.DROPPED: Text("放号已结束", "over"),
    },
    {
        _B.ADMIT: Text("进入", "admit"),
        _B.BOOK: Text("预约", "book"),
        _B.LAPSE: Text("逾时未约", "let the window pass"),
        _B.LEAVE: Text("退出", "leave"),
        _B.DROP: Text("随放号结束", "end with the release"),
    },
    title=Text("放号排队", "The line for a release"),
    starts=[_E.WAITING],
    columns={"event": Text("事件", "event")},
)
