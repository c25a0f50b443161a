"""Whether a penalty bars: one table. Time ends it by itself; a lifted one never bars again."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.booking.models import PenaltyState
from shared.errors import Text
from shared.workflow import Workflow


class PenaltyAction(StrEnum):
    APPEAL = "appeal"
    LIFT = "lift"


class PenaltySweep(StrEnum):
    """What follows of itself from the correction of a no-show."""

    ANNUL = "annul"


class PenaltyRow(NamedTuple):
    """A row of the table; `noted` is the act in the audit log."""

    state: PenaltyState
    action: PenaltyAction | PenaltySweep
    to: PenaltyState
    roles: frozenset[str]
    noted: str


_S, _A = PenaltyState, PenaltyAction
_CONCERNED = frozenset({"citizen", "clerk", "hall_manager"})
"""The person, or the staff to whom somebody without an account says it."""
_MANAGER = frozenset({"hall_manager"})
_STANDING = (_S.IN_FORCE, _S.APPEALED)

ROWS = (
    PenaltyRow(_S.IN_FORCE, _A.APPEAL, _S.APPEALED, _CONCERNED, "penalty.appealed"),
    *(PenaltyRow(state, _A.LIFT, _S.LIFTED, _MANAGER, "penalty.lifted") for state in _STANDING),
    *(
        PenaltyRow(state, PenaltySweep.ANNUL, _S.LIFTED, frozenset(), "penalty.annulled")
        for state in _STANDING
    ),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.IN_FORCE: Text("生效", "in force"),
        _S.APPEALED: Text("已申诉", "appealed"),
        _S.LIFTED: Text("已解除", "lifted"),
    },
    {
        _A.APPEAL: Text("申诉", "appeal"),
        _A.LIFT: Text("解除", "lift"),
        PenaltySweep.ANNUL: Text("随失约更正解除", "annul with the no-show"),
    },
    title=Text("失约限制", "Penalties"),
    starts=[_S.IN_FORCE],
    columns={"noted": Text("审计", "audit log")},
)
