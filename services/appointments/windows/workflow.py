"""What may happen to a window at work: one table of edges."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.queueing.models import WindowState
from services.appointments.queueing.wording import WINDOW_STATES
from services.appointments.queueing.workflow import FLOOR
from shared.errors import Text
from shared.workflow import Workflow


class WindowAction(StrEnum):
    OPEN = "open"
    PAUSE = "pause"
    CLOSE = "close"


class WindowEdge(NamedTuple):
    """One edge of the state machine."""

    state: WindowState
    action: WindowAction
    to: WindowState
    roles: frozenset[str] = FLOOR


_S, _A = WindowState, WindowAction

EDGES: tuple[WindowEdge, ...] = (
    WindowEdge(_S.OFFLINE, _A.OPEN, _S.OPEN),
    WindowEdge(_S.CLOSED, _A.OPEN, _S.OPEN),
    WindowEdge(_S.PAUSED, _A.OPEN, _S.OPEN),
    WindowEdge(_S.OPEN, _A.PAUSE, _S.PAUSED),
    WindowEdge(_S.OPEN, _A.CLOSE, _S.DRAINING),
    WindowEdge(_S.PAUSED, _A.CLOSE, _S.DRAINING),
)
"""A draining window is closed by itself: at once, or when its last person is done.

A closed window opens again as a new shift: after lunch, or the next morning.
"""

WORKFLOW = Workflow(
    EDGES,
    WINDOW_STATES,
    {
        _A.OPEN: Text("开放窗口", "open"),
        _A.PAUSE: Text("暂停窗口", "pause"),
        _A.CLOSE: Text("关闭窗口", "close"),
    },
    title=Text("窗口", "Windows"),
    starts=[_S.OFFLINE],
)


def next_state(state: WindowState, action: WindowAction, version: int) -> WindowState:
    """The state after `action`; raises StateConflict where the table has no such edge."""
    return WORKFLOW.find(state, version, action, FLOOR).to
