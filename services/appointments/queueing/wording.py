"""States in the words of the hall, so that a refusal says what is the case."""

from services.appointments.queueing.models import Ticket, TicketState, WindowState
from shared.errors import StateConflict, Text

TICKET_STATES: dict[TicketState, Text] = {
    TicketState.WAITING: Text("等候中", "waiting"),
    TicketState.CALLED: Text("已叫号", "called"),
    TicketState.RECALLED: Text("已重呼", "called again"),
    TicketState.SERVING: Text("办理中", "being served"),
    TicketState.PARKED: Text("暂离", "parked"),
    TicketState.MISSED: Text("已过号", "missed"),
    TicketState.TRANSFERRED: Text("已转办", "transferred"),
    TicketState.DONE: Text("已办结", "done"),
    TicketState.ABANDONED: Text("已放弃", "given up"),
    TicketState.CLOSED: Text("已作废", "closed"),
}
WINDOW_STATES: dict[WindowState, Text] = {
    WindowState.OFFLINE: Text("未开放", "offline"),
    WindowState.OPEN: Text("开放中", "open"),
    WindowState.PAUSED: Text("已暂停", "paused"),
    WindowState.DRAINING: Text("收尾中", "draining"),
    WindowState.CLOSED: Text("已关闭", "closed"),
}


def ticket_conflict(ticket: Ticket) -> StateConflict:
    """The ticket is not (any more) in a state for what is asked."""
    now_is = TICKET_STATES[ticket.state]
    detail = Text(
        f"{ticket.number} 号现在是“{now_is.zh}”，请刷新后再操作",
        f"Number {ticket.number} is {now_is.en} now; please look at it again first",
    )
    return StateConflict(detail, state=ticket.state.value, version=ticket.version)


def window_conflict(state: WindowState, version: int) -> StateConflict:
    """The window is not in a state for what is asked."""
    now_is = WINDOW_STATES[state]
    detail = Text(f"窗口现在是“{now_is.zh}”", f"The window is {now_is.en} now")
    return StateConflict(detail, state=state.value, version=version)
