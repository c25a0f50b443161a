"""How the queue is shown: to citizens, to staff, and on the screens of the hall."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.estimates.schemas import Estimate
from services.appointments.priority.models import TicketClass
from services.appointments.queueing.models import Ticket, TicketState, WindowState
from services.appointments.queueing.schemas import EstimateView, TicketView, view
from shared.errors import Text
from shared.web.models import View

LONG_WAIT_MINUTES = 150
_ELSEWHERE = Text(
    "预计等候超过两个半小时，建议改到其他大厅或改日办理",
    "The wait may exceed two and a half hours; consider another hall or another day",
)


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
    number: str | None = Field(description="The ticket that is at the window.")
    ticket_id: UUID | None
    ticket_state: TicketState | None
    version: int


def estimate_view(estimate: Estimate | None) -> EstimateView | None:
    if estimate is None:
        return None
    return EstimateView(p50_minutes=estimate.p50_minutes, p85_minutes=estimate.p85_minutes)


def with_estimate(ticket: Ticket, estimate: Estimate | None, language: str = "zh") -> TicketView:
    """The ticket with its place in the queue, and advice when the wait is very long."""
    shown = view(ticket)
    if estimate is not None:
        shown.ahead, shown.estimate = estimate.ahead, estimate_view(estimate)
        if (estimate.p85_minutes or 0) > LONG_WAIT_MINUTES:
            shown.advice = _ELSEWHERE.say(language)
    return shown


def queue_entry(ticket: Ticket, estimate: Estimate | None) -> QueueEntry:
    return QueueEntry(
        id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        items=ticket.items,
        ticket_class=ticket.ticket_class,
        credit_minutes=ticket.credit_minutes,
        credit_reason=ticket.credit_reason,
        ready_at=ticket.ready_at,
        due_at=ticket.due_at,
        window=ticket.window_no,
        recalls=ticket.recalls,
        version=ticket.version,
        ahead=estimate.ahead if estimate else None,
        estimate=estimate_view(estimate),
    )
