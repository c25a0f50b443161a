"""Who may do what to an order, and what it becomes: one table.

An order in which no cause stands any more closes itself; one left alone rises a level and is issued
anew. An answer is decided on within a term of the supervisor's own; where an item still stands it
is accepted with a reason only.
"""

from enum import StrEnum
from typing import NamedTuple

from services.feedback.deadlines.models import PolicyKind
from services.feedback.supervision.models import OrderState, OrderStep
from shared.errors import Text
from shared.workflow import Workflow


class OrderAction(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"


class OrderSweep(StrEnum):
    """What nobody does: it befalls many orders in one statement."""

    ESCALATE = "escalate"
    CLOSE = "close"


class OrderMove(NamedTuple):
    """What an action makes of an order, who may do it, which clock it ends and which it starts.

    `keeps_bundle`: the day's bundle takes further items after it. `settles`: the order ends, and
    with it whatever still stood in it.
    """

    state: OrderState
    action: OrderAction | OrderSweep
    to: OrderState
    roles: frozenset[str]
    step: OrderStep
    meets: PolicyKind | None = None
    starts: PolicyKind | None = None
    keeps_bundle: bool = False
    settles: bool = False


_S, _A, _P = OrderState, OrderAction, PolicyKind
_OFFICER, _SUPERVISOR = frozenset({"officer"}), frozenset({"supervisor"})
_NOBODY = frozenset[str]()

MOVES = (
    OrderMove(_S.ISSUED, _A.ACKNOWLEDGE, _S.ACKNOWLEDGED, _OFFICER, OrderStep.ACKNOWLEDGED,
              meets=_P.ORDER_ACKNOWLEDGE, starts=_P.ORDER_ANSWER, keeps_bundle=True),
    OrderMove(_S.ACKNOWLEDGED, _A.ANSWER, _S.ANSWERED, _OFFICER, OrderStep.ANSWERED,
              meets=_P.ORDER_ANSWER, starts=_P.ORDER_DECIDE),
    OrderMove(_S.REJECTED, _A.ANSWER, _S.ANSWERED, _OFFICER, OrderStep.ANSWERED,
              meets=_P.ORDER_ANSWER, starts=_P.ORDER_DECIDE),
    OrderMove(_S.ANSWERED, _A.ACCEPT, _S.ACCEPTED, _SUPERVISOR, OrderStep.ACCEPTED,
              meets=_P.ORDER_DECIDE, settles=True),
    OrderMove(_S.ANSWERED, _A.REJECT, _S.REJECTED, _SUPERVISOR, OrderStep.REJECTED,
              meets=_P.ORDER_DECIDE, starts=_P.ORDER_ANSWER),
    *(OrderMove(left_alone, OrderSweep.ESCALATE, _S.ISSUED, _NOBODY, OrderStep.ESCALATED,
                starts=_P.ORDER_ACKNOWLEDGE)
      for left_alone in (_S.ISSUED, _S.ACKNOWLEDGED, _S.REJECTED)),
    *(OrderMove(open_, OrderSweep.CLOSE, _S.CLOSED, _NOBODY, OrderStep.CLOSED)
      for open_ in (_S.ISSUED, _S.ACKNOWLEDGED, _S.ANSWERED, _S.REJECTED)),
)  # fmt: skip
WORKFLOW = Workflow(
    MOVES,
    {
        _S.ISSUED: Text("已发出", "issued"),
        _S.ACKNOWLEDGED: Text("已签收", "acknowledged"),
        _S.ANSWERED: Text("已回复", "answered"),
        _S.REJECTED: Text("回复被退回", "answer rejected"),
        _S.ACCEPTED: Text("回复获认可", "answer accepted"),
        _S.CLOSED: Text("事由消除办结", "closed"),
    },
    {
        _A.ACKNOWLEDGE: Text("签收", "acknowledge"),
        _A.ANSWER: Text("回复", "answer"),
        _A.ACCEPT: Text("认可", "accept"),
        _A.REJECT: Text("退回", "reject"),
        OrderSweep.ESCALATE: Text("升级", "escalate"),
        OrderSweep.CLOSE: Text("办结", "close"),
    },
    title=Text("督办单", "Supervision"),
    starts=[_S.ISSUED],
    columns={
        "meets": Text("了结时限", "meets"),
        "starts": Text("起算时限", "starts"),
        "keeps_bundle": Text("仍可并入", "takes more items"),
        "settles": Text("事项了结", "settles its items"),
    },
)
