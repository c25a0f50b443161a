"""What may happen to a pre-check: one table."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.pre_checks import events
from services.appointments.pre_checks.events import PreCheckEvent
from services.appointments.pre_checks.models import PreCheckState
from shared.errors import Text
from shared.workflow import Workflow


class PreCheckAction(StrEnum):
    """The first three are what an officer may answer."""

    COMPLETE = "complete"
    MISSING = "missing"
    ELSEWHERE = "elsewhere"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"


class PreCheckRow(NamedTuple):
    """A row of the table; `event` is what subscribers are sent."""

    state: PreCheckState
    action: PreCheckAction
    to: PreCheckState
    roles: frozenset[str]
    event: type[PreCheckEvent]


_S, _A = PreCheckState, PreCheckAction
_PERSON = frozenset({"citizen"})
_OFFICER = frozenset({"officer", "admin"})

ROWS = (
    PreCheckRow(_S.SUBMITTED, _A.COMPLETE, _S.COMPLETE, _OFFICER, events.PreCheckAnswered),
    PreCheckRow(_S.SUBMITTED, _A.MISSING, _S.MISSING, _OFFICER, events.PreCheckAnswered),
    PreCheckRow(_S.SUBMITTED, _A.ELSEWHERE, _S.ELSEWHERE, _OFFICER, events.PreCheckAnswered),
    PreCheckRow(_S.MISSING, _A.RESUBMIT, _S.SUBMITTED, _PERSON, events.PreCheckSubmitted),
    *(
        PreCheckRow(state, _A.WITHDRAW, _S.WITHDRAWN, _PERSON, events.PreCheckWithdrawn)
        for state in (_S.SUBMITTED, _S.MISSING)
    ),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.SUBMITTED: Text("待预审", "waiting for an answer"),
        _S.COMPLETE: Text("材料齐全", "complete"),
        _S.MISSING: Text("须补材料", "something is missing"),
        _S.ELSEWHERE: Text("不在本处办理", "dealt with elsewhere"),
        _S.WITHDRAWN: Text("已撤回", "withdrawn"),
    },
    {
        _A.COMPLETE: Text("答复齐全", "answer that it is complete"),
        _A.MISSING: Text("一次告知所缺", "answer what is missing"),
        _A.ELSEWHERE: Text("告知去何处办理", "answer where it is dealt with"),
        _A.RESUBMIT: Text("补齐后再提交", "submit again"),
        _A.WITHDRAW: Text("撤回", "withdraw"),
    },
    title=Text("预审", "Pre-checks"),
    starts=[_S.SUBMITTED],
)
