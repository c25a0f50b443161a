"""What may happen to a ticket, and to a window at work: a table each.

Routes, permissions, statements and tests come from them. A ticket's undo leads back to the state
before, within the policy's seconds. A draining window closes by itself once nobody is there.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.appointments.priority.schemas import Policy
from services.appointments.queueing import rules
from services.appointments.queueing.models import Ticket, TicketState, WindowState
from services.appointments.queueing.rules import Change, Guard, WindowBusy
from services.appointments.queueing.wording import TICKET_STATES, WINDOW_STATES
from shared.errors import Conflict, Text
from shared.workflow import Workflow


class Action(StrEnum):
    CALL = "call"
    RECALL = "recall"
    MISS = "miss"
    SERVE = "serve"
    FINISH = "finish"
    PARK = "park"
    RESUME = "resume"
    TRANSFER = "transfer"
    ABANDON = "abandon"
    CLOSE = "close"
    CLEAR = "clear"
    WITHDRAW = "withdraw"
    UNDO = "undo"


class OnCall(StrEnum):
    """What an action does to the call that has the ticket at a window."""

    UNTOUCHED = ""
    BEGINS = "begins"
    NOTED = "is noted"
    STARTS_SERVICE = "starts the service"
    ENDS = "ends"
    LEFT = "ends, nobody knows when"

    @property
    def ends(self) -> bool:
        """Whether the window is free afterwards."""
        return self in (OnCall.ENDS, OnCall.LEFT)


class FollowUp(StrEnum):
    """What else an action brings about, beyond the ticket and its call."""

    NONE = ""
    CASE_FINISHED = "the case is finished, the appointment served"
    NO_SHOW = "the appointment was not kept"
    LAPSE = "the appointment lapses"
    NEW_LEG = "a new leg of the same number"


class TicketRow(NamedTuple):
    """A row of the table; `event` is the last part of the event's type.

    `to` None: back to the state before the last action. `withdraw` is how the undo of a transfer
    takes its new leg back. `reason` is what the event of a closed ticket gives as its reason.
    """

    state: TicketState
    action: Action
    to: TicketState | None
    roles: frozenset[str]
    event: str
    guards: tuple[Guard, ...] = ()
    changes: Change = rules.nothing_else
    call: OnCall = OnCall.UNTOUCHED
    follow_up: FollowUp = FollowUp.NONE
    reason: str | None = None
    undoable: bool = True


FLOOR = frozenset({"clerk", "hall_manager"})
LEAVERS = FLOOR | {"device", "citizen"}
RETURNERS = FLOOR | {"device"}
SYSTEM: frozenset[str] = frozenset()
"""No caller may take it: a job or the calling statement does."""

_S, _A, _C, _F = TicketState, Action, OnCall, FollowUp


def _recall(state: TicketState) -> TicketRow:
    return TicketRow(state, _A.RECALL, _S.RECALLED, FLOOR, "recalled", (rules.may_recall,),
                rules.called_again, _C.NOTED)  # fmt: skip


def _miss(state: TicketState) -> TicketRow:
    return TicketRow(state, _A.MISS, _S.MISSED, FLOOR, "missed", call=_C.ENDS)


def _serve(state: TicketState) -> TicketRow:
    return TicketRow(state, _A.SERVE, _S.SERVING, FLOOR, "serving", call=_C.STARTS_SERVICE)


def _clear(state: TicketState, call: OnCall = OnCall.UNTOUCHED) -> TicketRow:
    return TicketRow(state, _A.CLEAR, _S.CLOSED, SYSTEM, "closed", (rules.may_clear,), call=call,
                follow_up=_F.LAPSE, reason="day_over", undoable=False)  # fmt: skip


ROWS: tuple[TicketRow, ...] = (
    TicketRow(_S.WAITING, _A.CALL, _S.CALLED, SYSTEM, "called", call=_C.BEGINS),
    TicketRow(_S.WAITING, _A.ABANDON, _S.ABANDONED, LEAVERS, "abandoned"),
    *map(_recall, (_S.CALLED, _S.RECALLED)),
    *map(_miss, (_S.CALLED, _S.RECALLED)),
    *map(_serve, (_S.CALLED, _S.RECALLED)),
    TicketRow(_S.SERVING, _A.FINISH, _S.DONE, FLOOR, "done", changes=rules.with_its_outcome,
         call=_C.ENDS, follow_up=_F.CASE_FINISHED),
    TicketRow(_S.SERVING, _A.PARK, _S.PARKED, FLOOR, "parked", call=_C.ENDS),
    TicketRow(_S.SERVING, _A.TRANSFER, _S.TRANSFERRED, FLOOR, "transferred",
         changes=rules.with_a_new_leg, call=_C.ENDS, follow_up=_F.NEW_LEG),
    TicketRow(_S.PARKED, _A.RESUME, _S.WAITING, RETURNERS, "resumed", changes=rules.back_in_line),
    TicketRow(_S.MISSED, _A.RESUME, _S.WAITING, RETURNERS, "resumed", (rules.back_in_time,),
         rules.back_in_line),
    TicketRow(_S.MISSED, _A.CLOSE, _S.CLOSED, SYSTEM, "closed", (rules.may_close,),
         follow_up=_F.NO_SHOW, reason="not_back_in_time", undoable=False),
    TicketRow(_S.WAITING, _A.WITHDRAW, _S.CLOSED, SYSTEM, "closed", reason="transfer_undone",
         undoable=False),
    *map(_clear, (_S.WAITING, _S.PARKED)),
    *(_clear(state, _C.LEFT) for state in (_S.CALLED, _S.RECALLED, _S.SERVING)),
    *(
        TicketRow(state, _A.UNDO, None, FLOOR, "undone", undoable=False)
        for state in TicketState
        if state is not TicketState.CLOSED
    ),
)  # fmt: skip

ACTIONS = {
    _A.CALL: Text("叫号", "call"),
    _A.RECALL: Text("重呼", "call again"),
    _A.MISS: Text("过号", "mark as missed"),
    _A.SERVE: Text("开始办理", "begin to serve"),
    _A.FINISH: Text("办结", "finish"),
    _A.PARK: Text("暂离", "park"),
    _A.RESUME: Text("恢复排队", "wait again"),
    _A.TRANSFER: Text("转办", "transfer"),
    _A.ABANDON: Text("放弃排队", "leave the queue"),
    _A.CLOSE: Text("关闭", "close"),
    _A.CLEAR: Text("清理过期的号", "clear away"),
    _A.WITHDRAW: Text("收回转办的号", "take the new leg back"),
    _A.UNDO: Text("撤销上一步", "undo the last step"),
}
WORKFLOW = Workflow(
    ROWS,
    TICKET_STATES,
    ACTIONS,
    title=Text("号票", "Tickets"),
    starts=[_S.WAITING],
    columns={
        "event": Text("事件", "event"),
        "call": Text("叫号", "call"),
        "follow_up": Text("随之", "also"),
        "undoable": Text("可撤销", "undoable"),
    },
)


def guarded(ticket: Ticket, policy: Policy, now: datetime) -> set[Action]:
    """What the ticket's state allows, and a guard refuses at the moment."""
    refused = set[Action]()
    for row in ROWS:
        if row.state is ticket.state:
            try:
                for guard in row.guards:
                    guard(ticket, policy, now)
            except Conflict:
                refused.add(row.action)
    return refused


def window_busy(ticket_id: UUID, number: str, state: TicketState) -> WindowBusy:
    """The refusal that names who is at the window, and what lets the next one come."""
    *others, last = [
        ACTIONS[row.action]
        for row in ROWS
        if row.state is state and row.roles and (row.call.ends or row.call is OnCall.STARTS_SERVICE)
    ]
    now_is = TICKET_STATES[state]
    zh = "、".join(each.zh for each in others) + f"或{last.zh}"
    en = ", ".join(each.en for each in others) + f" or {last.en}"
    detail = Text(
        f"{number} 号现在是“{now_is.zh}”；请先{zh}",
        f"Number {number} is {now_is.en} now; first {en}",
    )
    return WindowBusy(detail, ticket_id=str(ticket_id))


def roles_for(action: Action) -> tuple[str, ...]:
    """Who may ask for `action` in some state: what the route declares."""
    return tuple(sorted(WORKFLOW.roles_of(action)))


class WindowAction(StrEnum):
    OPEN = "open"
    PAUSE = "pause"
    CLOSE = "close"
    RUN_DRY = "run_dry"
    TAKE_BACK = "take_back"


class WindowRow(NamedTuple):
    """A row of the windows' table."""

    state: WindowState
    action: WindowAction
    to: WindowState
    roles: frozenset[str] = FLOOR


_W, _WA = WindowState, WindowAction

WINDOW_ROWS: tuple[WindowRow, ...] = (
    WindowRow(_W.OFFLINE, _WA.OPEN, _W.OPEN),
    # A closed window opens again as a new shift: after lunch, or the next morning.
    WindowRow(_W.CLOSED, _WA.OPEN, _W.OPEN),
    WindowRow(_W.PAUSED, _WA.OPEN, _W.OPEN),
    WindowRow(_W.OPEN, _WA.PAUSE, _W.PAUSED),
    WindowRow(_W.OPEN, _WA.CLOSE, _W.DRAINING),
    WindowRow(_W.PAUSED, _WA.CLOSE, _W.DRAINING),
    # By itself: at once, or when its last person is done.
    WindowRow(_W.DRAINING, _WA.RUN_DRY, _W.CLOSED, SYSTEM),
    # By itself, when the last person's end is undone.
    WindowRow(_W.CLOSED, _WA.TAKE_BACK, _W.DRAINING, SYSTEM),
)
WINDOWS = Workflow(
    WINDOW_ROWS,
    WINDOW_STATES,
    {
        _WA.OPEN: Text("开放窗口", "open"),
        _WA.PAUSE: Text("暂停窗口", "pause"),
        _WA.CLOSE: Text("关闭窗口", "close"),
        _WA.RUN_DRY: Text("收尾完毕", "run dry"),
        _WA.TAKE_BACK: Text("撤销收尾", "take the last person back"),
    },
    title=Text("窗口", "Windows"),
    starts=[_W.OFFLINE],
)

NOT_UNDONE = (
    "NOT EXISTS (SELECT FROM ticket_event u"
    " WHERE u.hall_code = {e}.hall_code AND u.undoes = {e}.hall_seq)"
)
"""SQL of whether the entry `e` of the log still holds."""
