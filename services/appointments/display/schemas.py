"""How the queue is shown: to citizens, to staff, and on the screens of the hall."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.priority.models import TicketClass
from services.appointments.queueing.models import TicketState, WindowState
from services.appointments.queueing.schemas import EstimateView
from shared.web.models import View, old_name_of


class CalledView(View):
    """One line of the screen: which number goes to which window."""

    number: str = Field(examples=["A001"])
    window_no: int
    called_at: AwareDatetime
    state: TicketState

    @old_name_of("window_no")
    def window(self) -> int:
        return self.window_no


class WaitingView(View):
    """How many wait for an item, and what the last of them must expect."""

    item_code: str
    name: str
    count: int
    p50_minutes: int | None
    p85_minutes: int | None

    @old_name_of("item_code")
    def item(self) -> str:
        return self.item_code


class DisplayView(View):
    """What the screens of a hall show: numbers only, nothing about people."""

    hall_code: str
    name: str
    name_en: str | None
    at: AwareDatetime
    called: list[CalledView]
    waiting: list[WaitingView]
    windows_open: int

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code


class QueueEntry(View):
    """A ticket as staff of the hall see it."""

    id: UUID
    number: str
    state: TicketState
    items: list[str]
    ticket_class: TicketClass = Field(serialization_alias="class")
    credit_minutes: int
    credit_reason: str | None
    ready_at: AwareDatetime
    due_at: AwareDatetime
    window_no: int | None
    recalls: int
    version: int
    ahead: int | None
    estimate: EstimateView | None

    @old_name_of("window_no")
    def window(self) -> int | None:
        return self.window_no


class WindowEntry(View):
    """A window of the hall as staff see it."""

    id: UUID
    no: int
    name: str
    state: WindowState
    clerk: str | None
    number: str | None = Field(description="窗口正在办理的号 | The ticket that is at the window.")
    ticket_id: UUID | None
    ticket_state: TicketState | None
    version: int
