"""What is asked for when a ticket is taken."""

from typing import Annotated

from pydantic import ConfigDict, Field

from services.appointments.booking.schemas import AppointmentView
from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import Evidence
from services.appointments.queueing.schemas import ItemCode, TicketView
from shared.web.models import Input, named


class TicketRequest(Input):
    """`class` other than walk_in or appointment needs evidence; an appointment needs its code."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"hall_code": "H001", "items": ["PBOC-01"]}]}
    )

    hall_code: str = Field(
        min_length=1, max_length=32, validation_alias=named("hall_code", formerly="hall")
    )
    items: list[ItemCode] = Field(min_length=1, max_length=5)
    appointment_code: str | None = Field(None, min_length=1, max_length=32)
    ticket_class: TicketClass | None = Field(None, alias="class")
    evidence: Annotated[Evidence | None, Field(description="优先凭证 | Evidence for a class.")] = (
        None
    )


class IssuedTicket(TicketView):
    """A ticket as handed over: only this answer carries the key."""

    ticket_key: str = Field(
        description="凭此键查看进展（请求头 Ticket-Key），转办后不变 | In the header Ticket-Key "
        "it shows the ticket, and what it is transferred to."
    )
    rating_key: str = Field(
        description="办结后凭此键和号的 id 评价，只给一次 | With the id, asks for the invitation "
        "to rate; it holds for the whole visit, transfers included, and is shown this once."
    )


class CheckedInView(AppointmentView):
    """The appointment after checking in, with the ticket that its person waits with."""

    ticket: IssuedTicket | None = Field(
        description="签到即取号，凭此号等候叫号；本大厅没有窗口办理时为空，请联系工作人员 | "
        "Checking in gives the ticket; null where no window of the hall serves the item: please "
        "ask the staff."
    )
