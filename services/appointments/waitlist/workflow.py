"""What may happen to somebody's place in line: one table.

Who declines keeps their place in line; who does not answer loses it, so that nobody holds up those
behind them for ten minutes at every place.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.waitlist import events
from services.appointments.waitlist.events import WaitlistEvent
from services.appointments.waitlist.models import WaitlistState
from shared.errors import Text
from shared.workflow import Workflow


class WaitlistAction(StrEnum):
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    RECALL = "recall"
    LET_PASS = "let_pass"
    END = "end"
    LEAVE = "leave"


class WaitlistRow(NamedTuple):
    """A row of the table; `event` is what subscribers are sent."""

    state: WaitlistState
    action: WaitlistAction
    to: WaitlistState
    event: type[WaitlistEvent]
    roles: frozenset[str] = frozenset()


_S, _A = WaitlistState, WaitlistAction
OWNER = frozenset({"citizen", "clerk", "hall_manager"})

ROWS: tuple[WaitlistRow, ...] = (
    WaitlistRow(_S.WAITING, _A.OFFER, _S.OFFERED, events.WaitlistOffered),
    WaitlistRow(_S.OFFERED, _A.ACCEPT, _S.BOOKED, events.WaitlistAccepted),
    WaitlistRow(_S.OFFERED, _A.DECLINE, _S.WAITING, events.WaitlistDeclined),
    WaitlistRow(_S.OFFERED, _A.RECALL, _S.WAITING, events.WaitlistRecalled),
    WaitlistRow(_S.OFFERED, _A.LET_PASS, _S.EXPIRED, events.WaitlistExpired),
    WaitlistRow(_S.WAITING, _A.END, _S.EXPIRED, events.WaitlistExpired),
    WaitlistRow(_S.WAITING, _A.LEAVE, _S.LEFT, events.WaitlistLeft, OWNER),
    WaitlistRow(_S.OFFERED, _A.LEAVE, _S.LEFT, events.WaitlistLeft, OWNER),
)
STATES = {
    _S.WAITING: Text("候补中", "waiting"),
    _S.OFFERED: Text("已为您保留名额，待确认", "offered a place"),
    _S.BOOKED: Text("已约上", "booked"),
    _S.EXPIRED: Text("候补已结束", "over"),
    _S.LEFT: Text("已退出", "left"),
}
WORKFLOW = Workflow(
    ROWS,
    STATES,
    {
        _A.OFFER: Text("保留名额", "offer a place"),
        _A.ACCEPT: Text("确认名额", "accept the offer"),
        _A.DECLINE: Text("放弃这个名额", "decline the offer"),
        _A.RECALL: Text("撤回名额", "take the offer back"),
        _A.LET_PASS: Text("逾期未确认", "let the offer pass"),
        _A.END: Text("候补期满", "end the wait"),
        _A.LEAVE: Text("退出候补", "leave"),
    },
    title=Text("候补", "The waitlist"),
    starts=[_S.WAITING],
    columns={"event": Text("事件", "event")},
)
