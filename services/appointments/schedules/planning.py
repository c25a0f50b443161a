"""What decides which slots a hall has, read together; and the plan that follows from it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.guides import service as guides
from services.appointments.guides.rules import is_served
from services.appointments.schedules import openings, queries, rules
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.exceptions import Exceptional, exceptional
from services.appointments.schedules.making import Place, WantedSlot
from services.appointments.schedules.models import Closure, ScheduleRule
from services.appointments.schedules.opening_limits import OpeningLimits
from services.appointments.schedules.rules import Circumstances, Plan, Serves
from services.appointments.slots.rules import ComingSlot
from shared.database import calendar_days


class Different(NamedTuple):
    """The closures of a hall, and its exceptions in the order in which they were made."""

    closures: Sequence[Shut]
    exceptions: Sequence[Exceptional]


async def circumstances(
    session: AsyncSession,
    hall: Hall,
    in_force: Iterable[ScheduleRule],
    present: Sequence[ComingSlot],
    now: datetime,
    different: Different | None = None,
) -> Circumstances:
    """What decides besides these rules which slots there are, beside those present.

    Under these closures and exceptions; under those in force unless given.
    """
    if different is None:
        different = await in_force_of(session, hall.code, now)
    closures, exceptions = different
    until = max((one.ends_at for one in closures if one.window is not None), default=None)
    if any(one.window is not None for one in exceptions):
        until = max((row.ends_at for row in present), default=now)
    promised = await queries.promised(session, hall.code, now, until) if until else {}
    items = {item for some in (in_force, present) for one in some for item in one.item_codes}
    serves = await serving(session, hall.code, items)
    official = await calendar_days.load(session)
    windows = await directory.windows_served(session, hall.code)
    return Circumstances(
        official=official,
        zone=ZoneInfo(hall.timezone),
        served=windows.items,
        now=now,
        closures=closures,
        promised=promised,
        serves=serves,
        exceptions=exceptions,
        limits=OpeningLimits(openings.hours_of(hall, (), official), windows.late),
        ceded={_place(row): row.ceded for row in present if row.ceded},
        booked={_place(row): row.booked for row in present},
    )


def _place(row: ComingSlot) -> Place:
    return row.rule_code, row.pool.value, row.starts_at


async def whole_plan(in_force: Sequence[ScheduleRule], there: Circumstances) -> Plan:
    """The plan; it may have many thousands of slots: others are served in between."""
    slots: list[WantedSlot] = []
    unknown: set[int] = set()
    for piece in rules.pieces(in_force, there):
        slots += piece.slots
        unknown |= piece.unknown_years
        await asyncio.sleep(0)
    return Plan(slots, frozenset(unknown))


async def in_force_of(
    session: AsyncSession, hall: str, now: datetime, *, without: UUID | None = None
) -> Different:
    """What closes the hall or a part of it, and on which days something is different; but for the
    closure or the exception of that id."""
    closures = await queries.closures(session, hall, now)
    exceptions = await queries.schedule_exceptions(session, hall, now)
    return Different(
        [shut(one) for one in closures if one.id != without],
        [exceptional(one) for one in exceptions if one.id != without],
    )


async def serving(session: AsyncSession, hall: str, items: Iterable[str]) -> Serves:
    """On which days the hall serves which of the items."""
    offers = await guides.offers(session, hall, sorted(set(items)))
    return lambda item, day: is_served(offers.get(item), day)


def shut(closure: Closure) -> Shut:
    """The time and the part of the hall that the closure shuts."""
    return Shut(
        closure.starts_at,
        closure.ends_at,
        closure.window_no,
        closure.item_code,
        closure.rule_code,
    )
