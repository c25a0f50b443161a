"""What may be done about a consultation: one table.

It is open while a department has still to give its opinion, and ready for the one answer once all
have. Where a day passes it is escalated, and level by level again; then the hall's manager may
answer without those who stay silent, and the answer names them. A later opinion is welcome still.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.consultations.events import (
    ConsultationAnswered,
    ConsultationConvened,
    ConsultationEscalated,
    ConsultationEvent,
    ConsultationInvited,
    ConsultationOpined,
    ConsultationWithdrawn,
)
from services.appointments.consultations.models import ConsultationState
from shared.errors import Text
from shared.workflow import Arrow, Workflow


class ConsultationAction(StrEnum):
    INVITE = "invite"
    CONVENE = "convene"
    OPINE = "opine"
    ESCALATE = "escalate"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


class ConsultationMove(NamedTuple):
    """What an action makes of a consultation, who may do it, and what is published.

    `to` None: where it leads depends on who has still to give an opinion (`after_opinion`).
    `ends`: nobody waits for it any more. `by_lead`: officers of the leading department only;
    `for_own`: an officer speaks for a department that was asked. `escalates`: a level higher.
    `manager_if_silent`: while somebody has given no opinion, only the hall's manager may.
    """

    state: ConsultationState
    action: ConsultationAction
    to: ConsultationState | None
    roles: frozenset[str]
    event: type[ConsultationEvent]
    ends: bool = False
    by_lead: bool = False
    for_own: bool = False
    escalates: bool = False
    manager_if_silent: bool = False


_S, _A, _M = ConsultationState, ConsultationAction, ConsultationMove
_HALL = frozenset({"clerk", "hall_manager"})
_MANAGER = frozenset({"hall_manager"})
_OFFICER = frozenset({"officer"})
_LIVE = (_S.OPEN, _S.READY, _S.ESCALATED)

MOVES = (
    _M(_S.OPEN, _A.INVITE, _S.OPEN, _HALL | _OFFICER, ConsultationInvited, by_lead=True),
    _M(_S.READY, _A.INVITE, _S.OPEN, _HALL | _OFFICER, ConsultationInvited, by_lead=True),
    _M(_S.ESCALATED, _A.INVITE, _S.ESCALATED, _HALL | _OFFICER, ConsultationInvited, by_lead=True),
    *(_M(state, _A.CONVENE, state, _HALL | _OFFICER, ConsultationConvened, by_lead=True)
      for state in _LIVE),
    *(_M(state, _A.OPINE, None, _OFFICER, ConsultationOpined, for_own=True) for state in _LIVE),
    *(_M(state, _A.ESCALATE, _S.ESCALATED, _MANAGER, ConsultationEscalated, escalates=True)
      for state in (_S.OPEN, _S.READY, _S.ESCALATED)),
    _M(_S.READY, _A.ANSWER, _S.ANSWERED, _MANAGER | _OFFICER, ConsultationAnswered,
       ends=True, by_lead=True),
    _M(_S.ESCALATED, _A.ANSWER, _S.ANSWERED, _MANAGER | _OFFICER, ConsultationAnswered,
       ends=True, by_lead=True, manager_if_silent=True),
    *(_M(state, _A.WITHDRAW, _S.WITHDRAWN, _HALL, ConsultationWithdrawn, ends=True)
      for state in _LIVE),
)  # fmt: skip
WORKFLOW = Workflow(
    MOVES,
    {
        _S.OPEN: Text("征求意见", "collecting opinions"),
        _S.READY: Text("意见已齐", "ready for its answer"),
        _S.ESCALATED: Text("已升级", "escalated"),
        _S.ANSWERED: Text("已统一答复", "answered"),
        _S.WITHDRAWN: Text("已撤回", "withdrawn"),
    },
    {
        _A.INVITE: Text("增请部门", "invite a department"),
        _A.CONVENE: Text("召集会商", "convene a session"),
        _A.OPINE: Text("提出意见", "give an opinion"),
        _A.ESCALATE: Text("升级", "escalate"),
        _A.ANSWER: Text("统一答复", "answer"),
        _A.WITHDRAW: Text("撤回", "withdraw"),
    },
    title=Text("会诊", "Consultations"),
    starts=[_S.OPEN],
    columns={
        "event": Text("事件", "event"),
        "ends": Text("了结", "ends it"),
        "by_lead": Text("牵头部门", "leading department"),
        "for_own": Text("代表本部门", "for the own department"),
        "escalates": Text("升一级", "a level higher"),
        "manager_if_silent": Text("意见未齐时限大厅负责人", "manager, if one is silent"),
    },
    arrows=[
        Arrow(_S.OPEN, _S.READY, "opine, the last one"),
        Arrow(_S.ESCALATED, _S.READY, "opine, the last one"),
    ],
)


def after_opinion(state: ConsultationState, *, waiting: bool) -> ConsultationState:
    """Ready once nobody is waited for; else as it was."""
    return state if waiting else _S.READY
