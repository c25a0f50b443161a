"""Who may do what to an order to put a finding right, and what it becomes.

The unit acknowledges and replies; an auditor returns a reply that settles nothing. What was seen
after the order, and takes away the fault that it names, closes it by itself; without such a proof
it is closed, or taken back, by one auditor after another has proposed so, and whoever does not
agree refuses the proposal, as who made it may withdraw it. A reply, and a proposal, wait for an
auditor for a term of its own: words alone stop no order for ever. An order left alone rises a level
with each further term, and at last becomes a supervision order. One whose finding no longer counts
is lifted; one whose proof is taken back goes back to its unit.
"""

from collections.abc import Mapping
from typing import NamedTuple

from services.projects.rectification.models import (
    WITH_UNIT,
    Closing,
    RectificationAction,
    RectificationState,
    RectificationStepKind,
    RectificationSweep,
)
from shared.errors import Text
from shared.workflow import Workflow


class RectificationMove(NamedTuple):
    """What an action makes of an order, who may do it, and the line that its history gets.

    `first`: what the first of two persons does, who proposes it. `closing`: why the order has ended
    then. `further_term`: the unit gets a further term. `waits`: the term of an auditor begins, for
    a reply or a proposal waits for them. `of_proposal`: only while one waits.
    """

    state: RectificationState
    action: RectificationAction | RectificationSweep
    to: RectificationState
    roles: frozenset[str]
    step: RectificationStepKind
    first: RectificationAction | None = None
    closing: Closing | None = None
    further_term: bool = False
    waits: bool = False
    of_proposal: bool = False


_S, _A, _W, _K = (
    RectificationState,
    RectificationAction,
    RectificationSweep,
    RectificationStepKind,
)
_OFFICER, _AUDITOR, _NOBODY = frozenset({"officer"}), frozenset({"auditor"}), frozenset[str]()

_OPEN = (*WITH_UNIT, _S.REPLIED, _S.ESCALATED)


def _ends(state: RectificationState) -> tuple[RectificationMove, ...]:
    """What may end an order in any state in which it is open."""
    return (
        RectificationMove(
            *(state, _A.PROPOSE_CLOSING, state, _AUDITOR, _K.CLOSING_PROPOSED), waits=True
        ),
        RectificationMove(
            *(state, _A.CLOSE, _S.CLOSED, _AUDITOR, _K.CLOSED),
            first=_A.PROPOSE_CLOSING,
            closing=Closing.EXPLAINED,
        ),
        RectificationMove(
            *(state, _A.PROPOSE_REVOKING, state, _AUDITOR, _K.REVOKING_PROPOSED), waits=True
        ),
        RectificationMove(
            *(state, _A.REVOKE, _S.REVOKED, _AUDITOR, _K.REVOKED),
            first=_A.PROPOSE_REVOKING,
            closing=Closing.REVOKED,
        ),
        RectificationMove(
            *(state, _A.REFUSE, state, _AUDITOR, _K.RETURNED),
            waits=state is _S.REPLIED,
            of_proposal=True,
        ),
        RectificationMove(state, _W.PROVE, _S.CLOSED, _NOBODY, _K.CLOSED, closing=Closing.PROOF),
        RectificationMove(
            state, _W.LIFT, _S.REVOKED, _NOBODY, _K.REVOKED, closing=Closing.FINDING_LIFTED
        ),
    )


WORKFLOW = Workflow(
    (
        RectificationMove(_S.ISSUED, _A.ACKNOWLEDGE, _S.ACKNOWLEDGED, _OFFICER, _K.ACKNOWLEDGED),
        *(
            RectificationMove(state, _A.REPLY, _S.REPLIED, _OFFICER, _K.REPLIED, waits=True)
            for state in (*WITH_UNIT, _S.ESCALATED)
        ),
        RectificationMove(
            *(_S.REPLIED, _A.RETURN, _S.RETURNED, _AUDITOR, _K.RETURNED), further_term=True
        ),
        *(
            RectificationMove(state, _W.RAISE, state, _NOBODY, _K.RAISED, further_term=True)
            for state in WITH_UNIT
        ),
        # Nobody looked at the reply in their term, and nothing proves it.
        RectificationMove(
            *(_S.REPLIED, _W.RAISE, _S.RETURNED, _NOBODY, _K.RAISED), further_term=True
        ),
        *(
            RectificationMove(state, _W.ESCALATE, _S.ESCALATED, _NOBODY, _K.ESCALATED)
            for state in (*WITH_UNIT, _S.REPLIED)
        ),
        RectificationMove(
            *(_S.CLOSED, _W.REOPEN, _S.RETURNED, _NOBODY, _K.RETURNED), further_term=True
        ),
        *(move for state in _OPEN for move in _ends(state)),
    ),
    {
        _S.ISSUED: Text("已发出", "issued"),
        _S.ACKNOWLEDGED: Text("已签收", "acknowledged"),
        _S.REPLIED: Text("已回复", "replied"),
        _S.RETURNED: Text("回复被退回", "reply returned"),
        _S.ESCALATED: Text("已转督办", "escalated to supervision"),
        _S.CLOSED: Text("已办结", "closed"),
        _S.REVOKED: Text("已撤销", "revoked"),
    },
    {
        _A.ACKNOWLEDGE: Text("签收", "acknowledge"),
        _A.REPLY: Text("回复", "reply"),
        _A.RETURN: Text("退回回复", "return the reply"),
        _A.PROPOSE_CLOSING: Text("提议办结", "propose closing"),
        _A.CLOSE: Text("办结", "close"),
        _A.PROPOSE_REVOKING: Text("提议撤销", "propose revoking"),
        _A.REVOKE: Text("撤销", "revoke"),
        _A.REFUSE: Text("不同意或撤回提议", "refuse or withdraw the proposal"),
        _W.PROVE: Text("复核属实自动办结", "close by proof"),
        _W.LIFT: Text("结论不再作数自动撤销", "lift with its finding"),
        _W.RAISE: Text("逾期升级", "raise"),
        _W.ESCALATE: Text("转督办", "escalate to supervision"),
        _W.REOPEN: Text("证明不再成立，重新整改", "reopen: its proof was taken back"),
    },
    title=Text("整改", "Rectification"),
    starts=[_S.ISSUED],
    columns={
        "step": Text("记录", "history"),
        "first": Text("须另一人先提议", "another has proposed it"),
        "closing": Text("结束方式", "ends by"),
        "further_term": Text("另给期限", "gets a further term"),
        "waits": Text("开始审核期限", "an auditor's term begins"),
        "of_proposal": Text("须有待决定的提议", "while a proposal waits"),
    },
)
OPEN = frozenset(_OPEN)

STEP_NAMES: Mapping[str, Text] = {
    _K.ORDERED: Text("下达", "ordered"),
    _K.ACKNOWLEDGED: Text("签收", "acknowledged"),
    _K.REPLIED: Text("回复", "replied"),
    _K.RETURNED: Text("退回", "returned"),
    _K.CLOSING_PROPOSED: Text("提议办结", "closing proposed"),
    _K.REVOKING_PROPOSED: Text("提议撤销", "revoking proposed"),
    _K.RAISED: Text("逾期升级", "raised"),
    _K.ESCALATED: Text("转督办", "escalated"),
    _K.CLOSED: Text("办结", "closed"),
    _K.REVOKED: Text("撤销", "revoked"),
    _K.COUNTED_ANEW: Text("期限重新计算", "term counted anew"),
}
"""What the lines of the history are called on paper."""
