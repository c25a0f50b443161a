"""A hall as it is run forward: who is there, who is expected, who may come. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.estimates.queries import ExpectedVisit, FloorNow, Newcomers, Usual
from services.appointments.estimates.schemas import Floor, OpenWindow, QueuedTicket, Waiting
from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import DEFAULT_CREDITS

HALF = 0.5
"""Who may come by chance is run forward as two who come half of the time: not as one who does."""
STEP_MINUTES = 5
MOST_NEWCOMERS = 200


def floor_of(found: FloorNow, usual: Usual, now: datetime) -> Floor:
    """What is run forward, in minutes from now."""
    return Floor(
        queue=(
            *(person(ticket, now) for ticket in found.queue),
            *(_booked(row, now) for row in found.coming),
            *_newcomers(usual.newcomers, now.astimezone(ZoneInfo(found.timezone))),
        ),
        windows=tuple(
            OpenWindow(
                window=window.window_id,
                items=frozenset(window.items),
                busy_with=window.busy_with,
                elapsed=_minutes(window.called_at, now) if window.called_at else 0.0,
            )
            for window in found.windows
        ),
        standard_minutes=found.standard_minutes,
        seen=usual.seen,
    )


def person(ticket: QueuedTicket, now: datetime) -> Waiting:
    """Somebody who waits, as who runs the hall forward sees them."""
    return Waiting(
        key=ticket.id,
        item=ticket.item_code,
        items=frozenset(ticket.items),
        due=-_minutes(ticket.due_at, now),
        window=ticket.for_window_id,
    )


def _booked(row: ExpectedVisit, now: datetime) -> Waiting:
    """Someone with an appointment who is not there yet: comes at the slot, with its credit."""
    arrives = max(-_minutes(row.starts_at, now), 1.0)
    return Waiting(
        key=row.id,
        item=row.item_code,
        items=frozenset([row.item_code]),
        due=arrives - DEFAULT_CREDITS[TicketClass.APPOINTMENT],
        arrives=arrives,
        shows_up=row.shows_up,
    )


def _newcomers(usual: Sequence[Newcomers], now: datetime) -> Iterator[Waiting]:
    """Those who usually come with a credit in the hours that begin now, in the hall's own time.

    Nobody who comes later than their credit is due before those who are there. What is left of an
    item is carried over to the next with the same credit, so that many rare ones add up.
    """
    hours: dict[int, dict[str, dict[int, float]]] = {}
    for each in usual:
        of_item = hours.setdefault(each.credit_minutes, {}).setdefault(each.item_code, {})
        of_item[each.hour] = each.a_day
    count = 0
    for credit, items in sorted(hours.items()):
        left = HALF / 2
        for item, by_hour in items.items():
            for ahead in range(STEP_MINUTES, credit + 1, STEP_MINUTES):
                hour = (now + timedelta(minutes=ahead)).hour
                left += by_hour.get(hour, 0.0) * STEP_MINUTES / 60
                while left >= HALF and count < MOST_NEWCOMERS:
                    left, count = left - HALF, count + 1
                    yield Waiting(
                        key=UUID(int=count),
                        item=item,
                        items=frozenset([item]),
                        due=float(ahead - credit),
                        arrives=float(ahead),
                        shows_up=HALF,
                    )


def _minutes(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds() / 60
