"""How an exemption is decided on: asked by one with its article, granted or refused by another.

While it is asked for the verdict, the light and the score of the duty stay as they are.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.exemptions.models import ExemptionState
from shared.errors import Text
from shared.workflow import Workflow


class ExemptionAction(StrEnum):
    GRANT = "grant"
    REFUSE = "refuse"


class ExemptionStep(NamedTuple):
    """What a decision makes of it, and whether the duty is then exempt."""

    state: ExemptionState
    action: ExemptionAction
    to: ExemptionState
    roles: frozenset[str]
    audited: str
    exempts: bool = False


_S, _A = ExemptionState, ExemptionAction
_AUDITOR = frozenset({"auditor"})

WORKFLOW = Workflow(
    (
        ExemptionStep(
            *(_S.ASKED, _A.GRANT, _S.GRANTED, _AUDITOR, "exemption.granted"), exempts=True
        ),
        ExemptionStep(_S.ASKED, _A.REFUSE, _S.REFUSED, _AUDITOR, "exemption.refused"),
    ),
    {
        _S.ASKED: Text("待第二人决定", "waits for a second person"),
        _S.GRANTED: Text("已豁免", "granted"),
        _S.REFUSED: Text("不予豁免", "refused"),
    },
    {
        _A.GRANT: Text("同意豁免", "grant"),
        _A.REFUSE: Text("不予豁免", "refuse"),
    },
    title=Text("豁免", "Exemptions"),
    starts=[_S.ASKED],
    columns={
        "exempts": Text("义务即豁免", "the duty is exempt"),
        "audited": Text("审计记录", "audit log"),
    },
)
