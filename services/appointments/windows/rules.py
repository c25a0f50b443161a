"""What may happen to a window at work: one table of edges."""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.queueing.models import WindowState
from services.appointments.queueing.wording import window_conflict


class WindowAction(StrEnum):
    OPEN = "open"
    PAUSE = "pause"
    CLOSE = "close"


class WindowEdge(NamedTuple):
    state: WindowState
    action: WindowAction
    next: WindowState


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

_TABLE = {(edge.state, edge.action): edge.next for edge in EDGES}


def next_state(state: WindowState, action: WindowAction, version: int) -> WindowState:
    """The state after `action`; raises StateConflict where the table has no such edge."""
    found = _TABLE.get((state, action))
    if found is None:
        raise window_conflict(state, version)
    return found
