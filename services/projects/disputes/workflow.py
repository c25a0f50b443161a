"""How a dispute about a finding is decided.

It is opened by the unit or by an auditor and decided by an auditor who did not open it. While it
is open the verdict, the light and the score of the duty stay as they are.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.disputes.models import DisputeState
from shared.errors import Text
from shared.workflow import Workflow


class DisputeAction(StrEnum):
    UPHOLD = "uphold"
    REJECT = "reject"


class DisputeStep(NamedTuple):
    """What a decision makes of a dispute, and whether the finding then no longer counts."""

    state: DisputeState
    action: DisputeAction
    to: DisputeState
    roles: frozenset[str]
    audited: str
    sets_finding_aside: bool = False


_S, _A = DisputeState, DisputeAction
_AUDITOR = frozenset({"auditor"})

WORKFLOW = Workflow(
    (
        DisputeStep(
            *(_S.OPEN, _A.UPHOLD, _S.UPHELD, _AUDITOR, "dispute.upheld"), sets_finding_aside=True
        ),
        DisputeStep(_S.OPEN, _A.REJECT, _S.REJECTED, _AUDITOR, "dispute.rejected"),
    ),
    {
        _S.OPEN: Text("异议处理中", "dispute open"),
        _S.UPHELD: Text("异议成立", "upheld"),
        _S.REJECTED: Text("异议不成立", "rejected"),
    },
    {
        _A.UPHOLD: Text("认定异议成立", "uphold"),
        _A.REJECT: Text("驳回异议", "reject"),
    },
    title=Text("异议", "Disputes"),
    starts=[_S.OPEN],
    columns={
        "sets_finding_aside": Text("原结论不再作数", "the finding no longer counts"),
        "audited": Text("审计记录", "audit log"),
    },
)
