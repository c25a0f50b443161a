"""How an exemption, or another ruling of two persons, is decided on: asked by one with document,
granted or refused by another, or taken back by who asked.

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
    WITHDRAW = "withdraw"


class ExemptionStep(NamedTuple):
    """What an action makes of it, whether it is for another than who asked, and whether the ruling
    is made then."""

    state: ExemptionState
    action: ExemptionAction
    to: ExemptionState
    roles: frozenset[str]
    audited: str
    is_by_another: bool = True
    is_carried_out: bool = False


_S, _A = ExemptionState, ExemptionAction
_AUDITOR = frozenset({"auditor"})

WORKFLOW = Workflow(
    (
        ExemptionStep(
            *(_S.ASKED, _A.GRANT, _S.GRANTED, _AUDITOR, "exemption.granted"), is_carried_out=True
        ),
        ExemptionStep(_S.ASKED, _A.REFUSE, _S.REFUSED, _AUDITOR, "exemption.refused"),
        ExemptionStep(
            *(_S.ASKED, _A.WITHDRAW, _S.REFUSED, _AUDITOR, "exemption.withdrawn"),
            is_by_another=False,
        ),
    ),
    {
        _S.ASKED: Text("待第二人决定", "waits for a second person"),
        _S.GRANTED: Text("已同意", "granted"),
        _S.REFUSED: Text("未获同意", "not granted"),
    },
    {
        _A.GRANT: Text("同意", "grant"),
        _A.REFUSE: Text("不予同意", "refuse"),
        _A.WITHDRAW: Text("撤回", "withdraw"),
    },
    title=Text("豁免等两人裁定", "Exemptions"),
    starts=[_S.ASKED],
    columns={
        "is_by_another": Text("由另一人", "by another"),
        "is_carried_out": Text("即作出裁定", "the ruling is made"),
        "audited": Text("审计记录", "audit log"),
    },
)
