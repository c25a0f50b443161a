"""What becomes of a visit, an outreach event, and a registration for one: a table each.

A visit is planned or refused by the hall; whoever asked may cancel until it took place. Places of
an outreach event are taken until the registration closes, and given back by cancelling.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.outreach import events as published
from services.appointments.outreach.models import (
    GatheringState,
    OutreachVisitState,
    RegistrationState,
)
from shared.errors import Text
from shared.workflow import Workflow


class VisitAction(StrEnum):
    PLAN = "plan"
    REFUSE = "refuse"
    CANCEL = "cancel"
    FINISH = "finish"


class GatheringAction(StrEnum):
    PLAN = "plan"
    MOVE = "move"
    CANCEL = "cancel"
    FINISH = "finish"


class RegistrationAction(StrEnum):
    CANCEL = "cancel"
    ATTEND = "attend"


class VisitMove(NamedTuple):
    """What an action makes of a visit, who may do it, and what is published."""

    state: OutreachVisitState
    action: VisitAction
    to: OutreachVisitState
    roles: frozenset[str]
    event: type[published.OutreachVisitEvent]


class GatheringMove(NamedTuple):
    """The same of an outreach event. `after_start`: not before it has begun."""

    state: GatheringState
    action: GatheringAction
    to: GatheringState
    roles: frozenset[str]
    event: type[published.OutreachEventBase]
    after_start: bool = False


class RegistrationMove(NamedTuple):
    """The same of a registration. `gives_back`: its places are free again."""

    state: RegistrationState
    action: RegistrationAction
    to: RegistrationState
    roles: frozenset[str]
    event: type[published.OutreachRegistrationEvent]
    gives_back: bool = False


_MANAGER = frozenset({"hall_manager"})
_HALL = frozenset({"clerk", "hall_manager"})
_ASKED = _HALL | {"citizen"}
_V, _VA = OutreachVisitState, VisitAction
_G, _GA = GatheringState, GatheringAction
_R, _RA = RegistrationState, RegistrationAction

VISITS = Workflow(
    (
        VisitMove(_V.REQUESTED, _VA.PLAN, _V.PLANNED, _HALL, published.OutreachVisitPlanned),
        VisitMove(_V.PLANNED, _VA.PLAN, _V.PLANNED, _HALL, published.OutreachVisitPlanned),
        VisitMove(_V.REQUESTED, _VA.REFUSE, _V.REFUSED, _MANAGER, published.OutreachVisitRefused),
        VisitMove(_V.REQUESTED, _VA.CANCEL, _V.CANCELLED, _ASKED, published.OutreachVisitCancelled),
        VisitMove(_V.PLANNED, _VA.CANCEL, _V.CANCELLED, _ASKED, published.OutreachVisitCancelled),
        VisitMove(_V.PLANNED, _VA.FINISH, _V.DONE, _HALL, published.OutreachVisitFinished),
    ),
    {
        _V.REQUESTED: Text("已申请", "requested"),
        _V.PLANNED: Text("已安排", "planned"),
        _V.REFUSED: Text("不能上门", "refused"),
        _V.CANCELLED: Text("已取消", "cancelled"),
        _V.DONE: Text("已上门", "done"),
    },
    {
        _VA.PLAN: Text("安排上门", "plan"),
        _VA.REFUSE: Text("说明不能上门", "refuse"),
        _VA.CANCEL: Text("取消", "cancel"),
        _VA.FINISH: Text("登记结果", "finish"),
    },
    title=Text("出诊", "Outreach visits"),
    starts=[_V.REQUESTED],
    columns={"event": Text("事件", "event")},
)
GATHERINGS = Workflow(
    (
        GatheringMove(
            _G.ANNOUNCED, _GA.PLAN, _G.ANNOUNCED, _HALL, published.OutreachEventPlanned
        ),
        GatheringMove(
            _G.ANNOUNCED, _GA.MOVE, _G.ANNOUNCED, _MANAGER, published.OutreachEventMoved
        ),
        GatheringMove(
            _G.ANNOUNCED, _GA.CANCEL, _G.CANCELLED, _MANAGER, published.OutreachEventCancelled
        ),
        GatheringMove(
            _G.ANNOUNCED, _GA.FINISH, _G.FINISHED, _HALL, published.OutreachEventFinished,
            after_start=True,
        ),
    ),
    {
        _G.ANNOUNCED: Text("已公布", "announced"),
        _G.CANCELLED: Text("已取消", "cancelled"),
        _G.FINISHED: Text("已结束", "finished"),
    },
    {
        _GA.PLAN: Text("安排出行", "plan"),
        _GA.MOVE: Text("改期", "move"),
        _GA.CANCEL: Text("取消", "cancel"),
        _GA.FINISH: Text("登记结果", "finish"),
    },
    title=Text("行诊", "Outreach events"),
    starts=[_G.ANNOUNCED],
    columns={
        "event": Text("事件", "event"),
        "after_start": Text("开始以后", "after it began"),
    },
)  # fmt: skip
REGISTRATIONS = Workflow(
    (
        RegistrationMove(
            _R.REGISTERED, _RA.CANCEL, _R.CANCELLED, _ASKED,
            published.OutreachRegistrationCancelled, gives_back=True,
        ),
        RegistrationMove(
            _R.REGISTERED, _RA.ATTEND, _R.ATTENDED, _HALL, published.OutreachRegistrationAttended
        ),
    ),
    {
        _R.REGISTERED: Text("已报名", "registered"),
        _R.CANCELLED: Text("已取消", "cancelled"),
        _R.ATTENDED: Text("已到场", "attended"),
    },
    {
        _RA.CANCEL: Text("取消报名", "cancel"),
        _RA.ATTEND: Text("登记到场", "note that they were there"),
    },
    title=Text("行诊报名", "Outreach registrations"),
    starts=[_R.REGISTERED],
    columns={
        "event": Text("事件", "event"),
        "gives_back": Text("放回名额", "gives places back"),
    },
)  # fmt: skip
