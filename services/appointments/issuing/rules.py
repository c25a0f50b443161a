"""Who may take which ticket. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.appointments.directory.openings import Openings
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.priority.models import TicketClass
from services.appointments.schedules.openings import ShutItem
from shared.clock import moment_en, moment_zh
from shared.errors import Conflict, Invalid, Text

SPENT = Text("今天的号已取完，有预约的不受此限", "Today's tickets are all taken")
NOT_IN_TIME = Text(
    "按目前的排队情况，闭厅前轮不到您，为免白等不再发号",
    "With so many before you, you would not be called before the hall closes, and wait in vain",
)
LETTER_WALK_IN, LETTER_BOOKED = "A", "B"


class HallClosed(Conflict):
    """Member `next_opening`: when the hall opens next, null where that is not known."""

    type = "/problems/hall-closed"
    title = Text("大厅现在不开放", "The hall is closed")
    advice = Text("请在大厅开放时再来", "Please come when the hall is open")


class ItemClosed(Conflict):
    """The hall is open, and sees nobody for the item: members `item` and `next_opening`."""

    type = "/problems/item-closed"
    title = Text("这个事项现在停办", "The item is not served at the moment")
    advice = Text(
        "请在恢复办理后再来，或先办理别的事项",
        "Please come when it is served again, or see to another item first",
    )


class TicketsNotYet(Conflict):
    """Member `tickets_from`: when the first walk-in tickets of the day are issued."""

    type = "/problems/tickets-not-yet"
    title = Text("还没有到取号时间", "There are no tickets yet")
    advice = Text(
        "请到时再取号，或先预约", "Please take a ticket then, or book an appointment beforehand"
    )


class TicketsClosed(Conflict):
    """No more walk-in tickets today, by the hall's policy. Members `next_opening`; `elsewhere`, a
    hall where it goes quickly now (`hall_code`, `name`, `p85_minutes`); and `bookable_at`, the next
    free time in this one: each null where there is none."""

    type = "/problems/tickets-closed"
    title = Text("今天已停止取号", "No more tickets today")
    advice = Text(
        "请改日再来，或先预约；有预约的不受此限",
        "Please come on another day, or book an appointment, which is not limited by this",
    )


class Limits(NamedTuple):
    """What limits walk-in tickets, for the whole hall (`item` None) or for one item."""

    item: str | None
    last_ticket_minutes: int | None
    tickets_per_day: int | None


def ensure_open(hall: Openings, now: datetime, *, expected: bool) -> None:
    """Raises HallClosed while a closure goes on, and for a walk-in when the day's hours are over.

    Who has an appointment is expected: the hall gave the time, whatever its printed hours say.
    """
    if hall.is_closed(now) if expected else hall.is_shut(now):
        opens = hall.next_opening(now)
        raise HallClosed(come_again(opens), next_opening=opens)


def ensure_item_open(shut: ShutItem | None) -> None:
    """Raises ItemClosed, which names the item."""
    if shut is not None:
        opens = shut.next_opening
        raise ItemClosed(come_again(opens), item=shut.code, next_opening=opens)


def ensure_not_early(hall: Openings, minutes: int | None, now: datetime) -> None:
    """Raises TicketsNotYet until so many minutes before the day's first opening; None: never."""
    opens = hall.opens_on(now.astimezone(hall.zone).date())
    if minutes is None or opens is None:
        return
    begins = opens - timedelta(minutes=minutes)
    if now < begins:
        detail = Text(
            f"现场取号从{moment_zh(begins)}开始，请到时再来，也可以先预约",
            f"Tickets are issued from {moment_en(begins)} on; you are welcome then, or may book an "
            "appointment",
        )
        raise TicketsNotYet(detail, tickets_from=begins)


def is_last_over(hall: Openings, limits: Iterable[Limits], now: datetime) -> bool:
    """Whether the last walk-in ticket of the day has been issued."""
    closes = hall.closes_on(now.astimezone(hall.zone).date())
    minutes = [each.last_ticket_minutes for each in limits if each.last_ticket_minutes is not None]
    return closes is not None and bool(minutes) and now >= closes - timedelta(minutes=max(minutes))


def is_called_in_time(hall: Openings, p85_minutes: int | None, now: datetime) -> bool:
    """Whether who joins now is called before the hall closes, by the upper bound of their wait; a
    wait that nobody knows is no reason to send somebody away."""
    closes = hall.closes_on(now.astimezone(hall.zone).date())
    if closes is None or p85_minutes is None or hall.goes_on(closes):
        return True
    return now + timedelta(minutes=p85_minutes) <= closes


def come_again(opens: datetime | None) -> Text | None:
    """When who is sent away may come; None where nobody knows."""
    if opens is None:
        return None
    return Text(
        f"下次开放时间是{moment_zh(opens)}，欢迎届时再来，也可以先预约",
        f"It opens next at {moment_en(opens)}; you are welcome then, or may book an appointment",
    )


def number_of(letter: str, count: int) -> str:
    """The number as called: A001, B012; four digits after A999."""
    return f"{letter}{count:03d}"


def class_of(request: TicketRequest) -> TicketClass:
    """The class that stands on the ticket."""
    if request.ticket_class is not None:
        return request.ticket_class
    return TicketClass.APPOINTMENT if request.appointment_code else TicketClass.WALK_IN


def ensure_served(items: list[str], windows: Iterable[frozenset[str]]) -> None:
    """Raises Invalid for items named twice, or the first one that no window serves."""
    if len(set(items)) < len(items):
        raise Invalid(Text("事项不能重复", "The same item is named twice"), pointer="/body/items")
    served = list(windows)
    anywhere = frozenset[str]().union(*served)
    for place, item in enumerate(items):
        if item not in anywhere:
            raise Invalid(
                Text("本大厅没有窗口办理这个事项", "No window of this hall serves this item"),
                pointer=f"/body/items/{place}",
            )
