"""When a hall is open, as a whole and for an item: its hours without its closures."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.directory.openings import Openings, Period
from services.appointments.directory.schemas import OpeningHours
from services.appointments.schedules import queries
from services.appointments.schedules.closures import Served
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


def hours_of(
    hall: Hall,
    closed: Iterable[Closed],
    official: Workdays,
    late: Sequence[OpeningHours] = (),
) -> Openings:
    """The same by its closures; what closes a part of the hall leaves it open. For who can go to a
    late-closing window the hall is open as long as that is (`late`)."""
    hours = [OpeningHours.model_validate(each) for each in hall.opening_hours]
    if hours:
        hours += late
    periods = [
        Period(each.starts_at, each.ends_at)
        for each in closed
        if (each.window_no, each.item_code, each.rule_code) == (None, None, None)
    ]
    return Openings(hours, hall.timezone, periods, official)


def shut_item(
    hall: Openings,
    closed: Collection[Closed],
    items: Iterable[str],
    served: Served,
    now: datetime,
) -> ShutItem | None:
    """The first of the items that is closed now: itself, or at every window that serves it.

    What closes it at one window leaves it to the others; what closes it for the slots of a rule
    leaves it to walk-ins.
    """
    for item in items:
        hours = hall
        for period in _shut(item, closed, served):
            hours = hours.closed_besides(period)
        if hours.is_closed(now):
            return ShutItem(item, hours.next_opening(now))
    return None


def _shut(item: str, closed: Collection[Closed], served: Served) -> Iterator[Period]:
    """When nobody is seen for the item, though the hall may be open."""
    at_windows: dict[int, list[Period]] = {no: [] for no, items in served.items() if item in items}
    for each in closed:
        period = Period(each.starts_at, each.ends_at)
        if each.rule_code is not None or each.item_code not in (None, item):
            continue
        if each.window_no in at_windows:
            at_windows[each.window_no].append(period)
        elif each.window_no is None and each.item_code is not None:
            yield period
    yield from _common(list(at_windows.values()))


def _common(times: Sequence[Sequence[Period]]) -> Iterator[Period]:
    """The times that lie in some period of each."""
    bounds = sorted({bound for periods in times for period in periods for bound in period})
    for starts, ends in pairwise(bounds):
        if all(any(p.starts <= starts and ends <= p.ends for p in each) for each in times):
            yield Period(starts, ends)
