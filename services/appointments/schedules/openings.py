"""When a hall is open, as a whole and for an item: its hours without its closures."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.directory.openings import Openings, Period
from services.appointments.directory.schemas import OpeningHours
from services.appointments.schedules import queries
from shared.database import calendar_days
from shared.workdays import Workdays


class ShutItem(NamedTuple):
    """An item that a closure shuts while the hall is open, and when it is served again."""

    code: str
    next_opening: datetime | None


class Closed(NamedTuple):
    """What a closure that is in force and not over says."""

    starts_at: datetime
    ends_at: datetime
    window_no: int | None
    item_code: str | None
    rule_code: str | None


async def of_hall(session: AsyncSession, hall: Hall, now: datetime) -> Openings:
    """The hall's hours from now on."""
    closed = [
        Closed(c.starts_at, c.ends_at, c.window_no, c.item_code, c.rule_code)
        for c in await queries.closures(session, hall.code, now)
    ]
    return hours_of(hall, closed, await calendar_days.load(session))


def hours_of(hall: Hall, closed: Iterable[Closed], official: Workdays) -> Openings:
    """The same by its closures; what closes a part of the hall leaves it open."""
    hours = [OpeningHours.model_validate(each) for each in hall.opening_hours]
    periods = [
        Period(each.starts_at, each.ends_at)
        for each in closed
        if (each.window_no, each.item_code, each.rule_code) == (None, None, None)
    ]
    return Openings(hours, hall.timezone, periods, official)


def shut_item(
    hall: Openings, closed: Iterable[Closed], items: Iterable[str], now: datetime
) -> ShutItem | None:
    """The first of the items that is closed now.

    What closes it at a window leaves it to the others, and who waits for that window may; what
    closes it for the slots of a rule leaves it to walk-ins.
    """
    closures = [each for each in closed if each.window_no is None and each.rule_code is None]
    for item in items:
        hours = hall
        for each in closures:
            if each.item_code == item:
                hours = hours.closed_besides(Period(each.starts_at, each.ends_at))
        if hours.is_closed(now):
            return ShutItem(item, hours.next_opening(now))
    return None
