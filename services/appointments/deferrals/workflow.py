"""What may happen to a promise of papers: one table."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.deferrals import events
from services.appointments.deferrals.events import DeferralEvent
from services.appointments.deferrals.models import DeferralState
from shared.errors import Text
from shared.workflow import Workflow


class DeferralAction(StrEnum):
    SUPPLY = "supply"
    CANCEL = "cancel"
    REMIND = "remind"
    LAPSE = "lapse"


class DeferralRow(NamedTuple):
    """A row of the table; `event` is what subscribers are sent."""

    state: DeferralState
    action: DeferralAction
    to: DeferralState
    roles: frozenset[str]
    event: type[DeferralEvent]


_S, _A = DeferralState, DeferralAction
_STAFF = frozenset({"clerk", "hall_manager"})
_MANAGER = frozenset({"hall_manager"})
_SYSTEM: frozenset[str] = frozenset()

ROWS = (
    DeferralRow(_S.PROMISED, _A.SUPPLY, _S.SUPPLIED, _STAFF, events.DeferralSupplied),
    DeferralRow(_S.LAPSED, _A.SUPPLY, _S.SUPPLIED, _MANAGER, events.DeferralSupplied),
    DeferralRow(_S.PROMISED, _A.CANCEL, _S.CANCELLED, _STAFF, events.DeferralCancelled),
    DeferralRow(_S.PROMISED, _A.REMIND, _S.PROMISED, _SYSTEM, events.DeferralReminded),
    DeferralRow(_S.PROMISED, _A.LAPSE, _S.LAPSED, _SYSTEM, events.DeferralLapsed),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.PROMISED: Text("承诺补交", "promised"),
        _S.SUPPLIED: Text("已补齐", "supplied"),
        _S.LAPSED: Text("逾期失效", "lapsed"),
        _S.CANCELLED: Text("已撤销", "cancelled"),
    },
    {
        _A.SUPPLY: Text("补交", "hand in"),
        _A.CANCEL: Text("撤销", "cancel"),
        _A.REMIND: Text("到期提醒", "remind"),
        _A.LAPSE: Text("逾期", "lapse"),
    },
    title=Text("容缺受理", "Deferred papers"),
    starts=[_S.PROMISED],
)
