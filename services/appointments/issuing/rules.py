"""Who may take which ticket. Pure."""

from collections.abc import Iterable

from services.appointments.issuing.schemas import TicketRequest
from services.appointments.priority.models import TicketClass
from services.appointments.queueing.models import Ticket, TicketState
from shared.errors import Conflict, Invalid, Text

LETTER_WALK_IN, LETTER_BOOKED = "A", "B"
ADVICE_ABOVE_MINUTES = 150


class AlreadyTicketed(Conflict):
    """One place at a time for an appointment, for a proof, and for what an account comes for.

    Members `ticket_id`, `number` and `state` name the present ticket, where it is the caller's.
    """

    type = "/problems/already-ticketed"
    title = Text("已经取过号", "There is a ticket already")
    advice = Text("请用已取的号等候叫号", "Please wait with the ticket that was issued")


def already_ticketed(present: Ticket) -> AlreadyTicketed:
    """The refusal that names the ticket to go on with."""
    if present.state is TicketState.MISSED:
        detail = Text(
            f"您的 {present.number} 号已过号，请到窗口或取号机恢复排队",
            f"Your number {present.number} was called; ask at a window or kiosk to wait again",
        )
    else:
        detail = Text(
            f"您已有 {present.number} 号，请凭此号办理；不再需要时可先放弃",
            f"You have number {present.number}; go on with it, or give it up first",
        )
    return AlreadyTicketed(
        detail, ticket_id=str(present.id), number=present.number, state=present.state.value
    )


def number_of(letter: str, count: int) -> str:
    """The number as called: A001, B012; four digits after A999."""
    return f"{letter}{count:03d}"


def class_of(request: TicketRequest) -> TicketClass:
    """The class that stands on the ticket."""
    if request.ticket_class is not None:
        return request.ticket_class
    return TicketClass.APPOINTMENT if request.appointment_code else TicketClass.WALK_IN


def ensure_served(items: list[str], windows: Iterable[set[str]]) -> None:
    """Raises Invalid for items named twice, the first one that no window serves, or that none
    serves with the others: a ticket leads to one window."""
    if len(set(items)) < len(items):
        raise Invalid(Text("事项不能重复", "The same item is named twice"), pointer="/body/items")
    served = list(windows)
    anywhere = set().union(*served) if served else set()
    for place, item in enumerate(items):
        if item not in anywhere:
            raise Invalid(
                Text("本大厅没有窗口办理这个事项", "No window of this hall serves this item"),
                pointer=f"/body/items/{place}",
            )
    if not any(set(items) <= window for window in served):
        raise Invalid(
            Text(
                "这些事项不在同一窗口办理，请先取第一个事项的号，办完可转办",
                "No single window serves all of these; take the first, then ask to be transferred",
            ),
            pointer="/body/items",
        )
