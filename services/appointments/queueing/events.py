"""What happens to tickets and windows, published to the hall's screens and to other services."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class TicketEventBase(Event):
    """Fields that every event of a ticket has; consumers order by `hall_seq`."""

    ticket_id: UUID
    visit_id: UUID = Field(
        description="同一次到访的各段相同 | The same for all legs of one person's visit."
    )
    hall_code: str
    hall_seq: int = Field(
        description="每个大厅连续编号：缺号即缺事件"
        " | Gapless per hall: a missing number is a missing event."
    )
    number: str = Field(examples=["A001"])
    item_code: str
    state: str
    version: int
    window_no: int | None = None
    at: AwareDatetime


class TicketIssued(TicketEventBase):
    """群众取号。

    Someone took a ticket and waits.
    """

    type: ClassVar[str] = "appointments.ticket.issued.v1"


class TicketCalled(TicketEventBase):
    """叫号：请到窗口。

    A ticket is called to a window.
    """

    type: ClassVar[str] = "appointments.ticket.called.v1"


class TicketRecalled(TicketEventBase):
    """重呼：上次叫号无人应答。

    A called ticket is called again.
    """

    type: ClassVar[str] = "appointments.ticket.recalled.v1"


class TicketMissed(TicketEventBase):
    """过号：叫号后未到窗口。

    Nobody came when the ticket was called.
    """

    type: ClassVar[str] = "appointments.ticket.missed.v1"


class TicketServing(TicketEventBase):
    """群众已到窗口，开始办理。

    The person is at the window and is being served.
    """

    type: ClassVar[str] = "appointments.ticket.serving.v1"


class TicketParked(TicketEventBase):
    """暂离：群众去补材料，稍后回来。

    The person went to fetch something and keeps the place.
    """

    type: ClassVar[str] = "appointments.ticket.parked.v1"


class TicketResumed(TicketEventBase):
    """暂离或过号的群众回来继续等候。

    A parked or missed ticket waits again.
    """

    type: ClassVar[str] = "appointments.ticket.resumed.v1"


class TicketTransferred(TicketEventBase):
    """转办到另一窗口或事项，保留原等候时间。

    The person goes on to another window; the new leg keeps the time already waited.
    """

    type: ClassVar[str] = "appointments.ticket.transferred.v1"

    next_ticket_id: UUID


class TicketDone(TicketEventBase):
    """窗口办理结束。

    The window has finished with the ticket.
    """

    type: ClassVar[str] = "appointments.ticket.done.v1"

    outcome: str = Field(examples=["done", "needs_more", "rejected"])


class TicketAbandoned(TicketEventBase):
    """群众放弃排队。

    A waiting person left the queue.
    """

    type: ClassVar[str] = "appointments.ticket.abandoned.v1"


class TicketClosed(TicketEventBase):
    """号作废：过号后未按时返回、转办被撤销，或闭厅后一直无人处理。`reason` 说明是哪一种。

    The ticket ended without being served; `reason` says why. Nothing is said about the matter:
    a ticket that the hall left behind (`day_over`) is neither done nor missed.
    """

    type: ClassVar[str] = "appointments.ticket.closed.v1"

    reason: str | None = Field(None, examples=["not_back_in_time", "transfer_undone", "day_over"])


class TicketUndone(TicketEventBase):
    """撤销上一步操作；`undoes` 是被撤销事件的序号。

    The last edge was a mistake and is taken back; `undoes` is the hall_seq of its event.
    """

    type: ClassVar[str] = "appointments.ticket.undone.v1"

    undoes: int


class WindowChanged(Event):
    """窗口状态变化：开放、暂停、收尾、关闭。

    A window opened, paused, stopped taking new people, or closed.
    """

    type: ClassVar[str] = "appointments.window.changed.v1"

    window_id: UUID
    hall_code: str
    window_no: int
    state: str
    version: int
    at: AwareDatetime


class CaseFinished(Event):
    """一件事在窗口办结，可以邀请评价。

    A matter was finished at a window; the person may be asked to rate it. A finish that was
    undone and taken again repeats the event with the same `case_id`.
    """

    type: ClassVar[str] = "appointments.case.finished.v1"

    case_id: UUID = Field(
        description="到访的标识，即首张号票的标识"
        " | The visit's id, which is that of its first ticket."
    )
    hall_code: str
    item_code: str
    item_name: str
    department_code: str
    window_no: int
    outcome: str = Field(examples=["done", "needs_more", "rejected"])
    finished_at: AwareDatetime
    one_visit: bool = Field(description="是否一次办成 | Done in one visit to the hall.")
    version: int = Field(
        description="同一事项以版本大的为准 | Of two about a case the higher version holds: it "
        "grows over all legs of the visit, so the order of arrival does not matter."
    )


TICKET_EVENTS: dict[str, type[TicketEventBase]] = {
    event.type.split(".")[2]: event
    for event in (
        TicketIssued,
        TicketCalled,
        TicketRecalled,
        TicketMissed,
        TicketServing,
        TicketParked,
        TicketResumed,
        TicketTransferred,
        TicketDone,
        TicketAbandoned,
        TicketClosed,
        TicketUndone,
    )
}
