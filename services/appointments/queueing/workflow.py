"""What may happen to a ticket: one table of edges. Routes, permissions and tests come from it.

An undo leads back to the state before, within the policy's seconds.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.appointments.priority.schemas import Policy
from services.appointments.queueing.models import Ticket, TicketState
from services.appointments.queueing.wording import TICKET_STATES, ticket_conflict
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


class RecallTooSoon(Conflict):
    type = "/problems/recall-too-soon"
    title = Text("距上次叫号不足一分钟", "The last call was less than a minute ago")
    advice = Text("请在 again_at 之后再呼", "Please recall after `again_at`")


class RecallsSpent(Conflict):
    type = "/problems/recalls-spent"
    title = Text("重呼次数已用完", "No recalls are left")
    advice = Text("请按“过号”，再叫下一位", "Mark it missed and call the next")


class TooLateToReturn(Conflict):
    type = "/problems/too-late-to-return"
    title = Text("过号已超过保留时间", "It is too late to return")
    advice = Text("请到取号机重新取号", "Please take a new ticket at the kiosk")


class NothingToUndo(Conflict):
    type = "/problems/nothing-to-undo"
    title = Text(
        "没有可撤销的操作，或已超过撤销时间", "Nothing to undo, or the time for it is over"
    )
    advice = Text("请按现在的状态继续办理", "Please go on from the present state")


class WindowBusy(Conflict):
    type = "/problems/window-busy"
    title = Text("该窗口正在接待另一位群众", "The window is with another person")
    advice = Text(
        "请先办结、挂起或转办正在接待的号", "Finish, park or transfer the ticket in hand first"
    )


class LegAlreadyCalled(Conflict):
    type = "/problems/leg-already-called"
    title = Text(
        "转办后的号已被叫到，不能撤销", "The new leg was called; transfer cannot be undone"
    )
    advice = Text("请在新窗口继续办理", "Please go on at the new window")


class TicketedAgain(Conflict):
    type = "/problems/ticketed-again"
    title = Text(
        "群众已另取新号，不能撤销",
        "The person has taken a new ticket",
    )
    advice = Text("请叫新号继续办理", "Please go on with the new ticket")


Guard = Callable[[Ticket, Policy, datetime], None]


def may_recall(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """Raises RecallsSpent or RecallTooSoon."""
    if ticket.recalls >= policy.recalls_max:
        raise RecallsSpent(recalls=ticket.recalls)
    last_called_at = ticket.last_called_at or ticket.state_since
    again_at = last_called_at + timedelta(seconds=policy.recall_gap_seconds)
    if now < again_at:
        seconds = math.ceil((again_at - now).total_seconds())
        detail = Text(f"请 {seconds} 秒后再重呼", f"Please call again in {seconds} seconds")
        raise RecallTooSoon(detail, again_at=again_at)


def back_in_time(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """Raises TooLateToReturn."""
    if now - ticket.state_since > timedelta(minutes=policy.back_within_minutes):
        raise TooLateToReturn


def may_close(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """A missed ticket is closed only when the time to return is over."""
    if now - ticket.state_since <= timedelta(minutes=policy.back_within_minutes):
        raise ticket_conflict(ticket)


def may_clear(ticket: Ticket, policy: Policy, now: datetime) -> None:
    """A ticket is cleared away only when nobody has touched it for the policy's hours."""
    touched_at = max(ticket.state_since, ticket.ready_at)
    if now - touched_at < timedelta(hours=policy.left_after_hours):
        raise ticket_conflict(ticket)


class Edge(NamedTuple):
    """One edge of the state machine; `event` is the last part of the event's type.

    `to` None: back to the state before the last edge. `ends_call`: the window is free again.
    `withdraw` is how the undo of a transfer takes its new leg back.
    """

    state: TicketState
    action: Action
    to: TicketState | None
    roles: frozenset[str]
    guards: tuple[Guard, ...]
    event: str
    ends_call: bool = False


FLOOR = frozenset({"clerk", "hall_manager"})
LEAVERS = FLOOR | {"device", "citizen"}
RETURNERS = FLOOR | {"device"}
SYSTEM: frozenset[str] = frozenset()
"""No caller may take the edge: a job or the calling statement does."""

_S, _A = TicketState, Action

EDGES: tuple[Edge, ...] = (
    Edge(_S.WAITING, _A.CALL, _S.CALLED, SYSTEM, (), "called"),
    Edge(_S.WAITING, _A.ABANDON, _S.ABANDONED, LEAVERS, (), "abandoned"),
    Edge(_S.CALLED, _A.RECALL, _S.RECALLED, FLOOR, (may_recall,), "recalled"),
    Edge(_S.RECALLED, _A.RECALL, _S.RECALLED, FLOOR, (may_recall,), "recalled"),
    Edge(_S.CALLED, _A.MISS, _S.MISSED, FLOOR, (), "missed", True),
    Edge(_S.RECALLED, _A.MISS, _S.MISSED, FLOOR, (), "missed", True),
    Edge(_S.CALLED, _A.SERVE, _S.SERVING, FLOOR, (), "serving"),
    Edge(_S.RECALLED, _A.SERVE, _S.SERVING, FLOOR, (), "serving"),
    Edge(_S.SERVING, _A.FINISH, _S.DONE, FLOOR, (), "done", True),
    Edge(_S.SERVING, _A.PARK, _S.PARKED, FLOOR, (), "parked", True),
    Edge(_S.SERVING, _A.TRANSFER, _S.TRANSFERRED, FLOOR, (), "transferred", True),
    Edge(_S.PARKED, _A.RESUME, _S.WAITING, RETURNERS, (), "resumed"),
    Edge(_S.MISSED, _A.RESUME, _S.WAITING, RETURNERS, (back_in_time,), "resumed"),
    Edge(_S.MISSED, _A.CLOSE, _S.CLOSED, SYSTEM, (may_close,), "closed"),
    Edge(_S.WAITING, _A.WITHDRAW, _S.CLOSED, SYSTEM, (), "closed"),
    Edge(_S.WAITING, _A.CLEAR, _S.CLOSED, SYSTEM, (may_clear,), "closed"),
    Edge(_S.PARKED, _A.CLEAR, _S.CLOSED, SYSTEM, (may_clear,), "closed"),
    Edge(_S.CALLED, _A.CLEAR, _S.CLOSED, SYSTEM, (may_clear,), "closed", True),
    Edge(_S.RECALLED, _A.CLEAR, _S.CLOSED, SYSTEM, (may_clear,), "closed", True),
    Edge(_S.SERVING, _A.CLEAR, _S.CLOSED, SYSTEM, (may_clear,), "closed", True),
    *(
        Edge(state, _A.UNDO, None, FLOOR, (), "undone")
        for state in TicketState
        if state is not TicketState.CLOSED
    ),
)

ACTIONS = {
    _A.CALL: Text("叫号", "call"),
    _A.RECALL: Text("重呼", "call again"),
    _A.MISS: Text("过号", "mark as missed"),
    _A.SERVE: Text("开始办理", "begin to serve"),
    _A.FINISH: Text("办结", "finish"),
    _A.PARK: Text("暂离", "park"),
    _A.RESUME: Text("回到队列", "back into the queue"),
    _A.TRANSFER: Text("转办", "transfer"),
    _A.ABANDON: Text("弃号", "give up"),
    _A.CLOSE: Text("关闭", "close"),
    _A.CLEAR: Text("清理过期的号", "clear away"),
    _A.WITHDRAW: Text("收回转办的号", "take the new leg back"),
    _A.UNDO: Text("撤销", "undo"),
}
WORKFLOW = Workflow(
    EDGES,
    TICKET_STATES,
    ACTIONS,
    title=Text("号票", "Tickets"),
    starts=[_S.WAITING],
    columns={"event": Text("事件", "event"), "ends_call": Text("窗口空出", "window free")},
)


def edge_from(ticket: Ticket, action: Action) -> Edge:
    """The edge that `action` takes from the ticket's state, else raises StateConflict."""
    return WORKFLOW.find(ticket.state, ticket.version, action)


def roles_for(action: Action) -> tuple[str, ...]:
    """Who may ask for `action` in some state: what the route declares."""
    return tuple(sorted(WORKFLOW.roles_of(action)))


TAKEN_BACK = frozenset(edge.action for edge in EDGES) - {
    Action.CLOSE,
    Action.CLEAR,
    Action.WITHDRAW,
    Action.UNDO,
}
"""The actions that can be undone."""


ENDS_CALL = frozenset(edge.action for edge in EDGES if edge.ends_call)


def undo_until(at: datetime, policy: Policy) -> datetime:
    """The last moment at which an edge taken at `at` can be undone."""
    return at + timedelta(seconds=policy.undo_seconds)
