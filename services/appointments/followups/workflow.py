"""What becomes of a follow-up: one table.

It is answered once, by the person with the key that came with the ticket, or on a return call by
somebody who did not serve them. Three calls on different days that reach nobody end it.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.followups.events import (
    FollowupAnswered,
    FollowupCalled,
    FollowupDeclined,
    FollowupEvent,
    FollowupExpired,
)
from services.appointments.followups.models import (
    MOST_CALLS,
    AnswerChannel,
    CallOutcome,
    FollowupState,
)
from shared.errors import Text
from shared.workflow import Arrow, Workflow


class FollowupAction(StrEnum):
    ANSWER = "answer"
    TAKE_ANSWER = "take_answer"
    MISS = "miss"
    DECLINE = "decline"


class FollowupSweep(StrEnum):
    """What nobody does: it comes with time."""

    EXPIRE = "expire"


class FollowupMove(NamedTuple):
    """What an action makes of a follow-up, who may do it, and what is published.

    `to` None: see `after_call`. `outcome`: of the call that it is; `channel`: how an answer comes.
    """

    state: FollowupState
    action: FollowupAction | FollowupSweep
    to: FollowupState | None
    roles: frozenset[str]
    event: type[FollowupEvent]
    outcome: CallOutcome | None = None
    channel: AnswerChannel | None = None


_S, _A, _M = FollowupState, FollowupAction, FollowupMove
_CALLERS = frozenset({"clerk", "hall_manager", "reviewer"})

MOVES = (
    _M(_S.INVITED, _A.ANSWER, _S.ANSWERED, frozenset({"citizen"}), FollowupAnswered,
       channel=AnswerChannel.SELF),
    _M(_S.INVITED, _A.TAKE_ANSWER, _S.ANSWERED, _CALLERS, FollowupAnswered,
       outcome=CallOutcome.ANSWERED, channel=AnswerChannel.CALL),
    _M(_S.INVITED, _A.MISS, None, _CALLERS, FollowupCalled, outcome=CallOutcome.UNREACHABLE),
    _M(_S.INVITED, _A.DECLINE, _S.DECLINED, _CALLERS, FollowupDeclined,
       outcome=CallOutcome.DECLINED),
    _M(_S.INVITED, FollowupSweep.EXPIRE, _S.EXPIRED, frozenset(), FollowupExpired),
)  # fmt: skip
WORKFLOW = Workflow(
    MOVES,
    {
        _S.INVITED: Text("待回答", "waiting for an answer"),
        _S.ANSWERED: Text("已回答", "answered"),
        _S.DECLINED: Text("不愿回答", "declined"),
        _S.UNREACHABLE: Text("未能联系", "not reached"),
        _S.EXPIRED: Text("已过期", "expired"),
    },
    {
        _A.ANSWER: Text("回答", "answer"),
        _A.TAKE_ANSWER: Text("电话回访", "take an answer by phone"),
        _A.MISS: Text("未接通", "note a call that reached nobody"),
        _A.DECLINE: Text("不愿回答", "decline"),
        FollowupSweep.EXPIRE: Text("过期", "expire"),
    },
    title=Text("回诊", "Followups"),
    starts=[_S.INVITED],
    columns={
        "event": Text("事件", "event"),
        "outcome": Text("电话结果", "outcome of the call"),
        "channel": Text("途径", "channel"),
    },
    arrows=[Arrow(_S.INVITED, _S.UNREACHABLE, f"miss, {MOST_CALLS} calls")],
)
CALLERS = sorted(_CALLERS)


def action_of(outcome: CallOutcome) -> FollowupAction | FollowupSweep:
    """What a call with this outcome does."""
    return next(row.action for row in WORKFLOW.rows if row.outcome is outcome)


def after_call(calls: int) -> FollowupState:
    """Where a call that reached nobody leads, the `calls`-th."""
    return _S.UNREACHABLE if calls >= MOST_CALLS else _S.INVITED
