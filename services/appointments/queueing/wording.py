"""States in the words of the hall, so that a refusal says what is the case."""

from typing import NoReturn

from services.appointments.queueing.models import Ticket, TicketState, WindowState
from shared.errors import Text
from shared.workflow import refuse

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
WINDOW_NEXT: dict[WindowState, Text] = {
    WindowState.OFFLINE: Text("请先开放窗口", "please open it first"),
    WindowState.OPEN: Text("请刷新后再操作", "please look at it again first"),
    WindowState.PAUSED: Text("请先恢复开放", "please open it again first"),
    WindowState.DRAINING: Text(
        "办完在办的号后自动关闭，之后可以重新开放",
        "it closes by itself when the person there is done, and can be opened again then",
    ),
    WindowState.CLOSED: Text("请先重新开放", "please open it again first"),
}
"""What can be done at a window that stands so."""


def ticket_standing(ticket: Ticket) -> Text:
    """How the ticket stands, for whoever asks what its state does not (any more) allow."""
    now_is = TICKET_STATES[ticket.state]
    return Text(
        f"{ticket.number} 号现在是“{now_is.zh}”，请刷新后再操作",
        f"Number {ticket.number} is {now_is.en} now; please look at it again first",
    )


def refuse_ticket(ticket: Ticket) -> NoReturn:
    """Raises StateConflict with how the ticket stands."""
    refuse(ticket.state, ticket.version, ticket_standing(ticket))


def window_standing(state: WindowState) -> Text:
    """How the window stands, for whoever asks what its state does not allow, and what it does."""
    now_is, onward = WINDOW_STATES[state], WINDOW_NEXT[state]
    return Text(
        f"窗口现在是“{now_is.zh}”，{onward.zh}", f"The window is {now_is.en} now; {onward.en}"
    )
