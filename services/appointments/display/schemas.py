"""How the queue is shown: to citizens, to staff, and on the screens of the hall."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.priority.models import TicketClass
from services.appointments.queueing.models import TicketState, WindowState
from services.appointments.queueing.schemas import EstimateView
from shared.web.models import View


class CalledView(View):
    """One line of the screen: which number goes to which window."""

    number: str = Field(examples=["A001"])
    window: int
    called_at: AwareDatetime
    state: TicketState


class WaitingView(View):
    """How many wait for an item, and what the last of them must expect."""

    item: str
    name: str
    count: int
    p50_minutes: int | None
    p85_minutes: int | None


class DisplayView(View):
    """What the screens of a hall show: numbers only, nothing about people."""

    hall: str
    name: str
    name_en: str | None
    at: AwareDatetime
    called: list[CalledView]
    waiting: list[WaitingView]
    windows_open: int


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
    window: int | None
    recalls: int
    version: int
    ahead: int | None
    estimate: EstimateView | None


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
