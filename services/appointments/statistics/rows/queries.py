from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import HallSpan
from services.appointments.directory.models import Hall
from services.appointments.statistics.queries import columns_of
from services.appointments.statistics.rows import statement
from services.appointments.statistics.rows.schemas import (
    AppointmentFigure,
    CountedAppointment,
    TicketFigure,
)
from services.appointments.statistics.schemas import Grouping, WideGrouping


class Counted(NamedTuple):
    """What a line of figures is over: a hall's days (both included), by what, and its key there,
    which the line of the hall has none of."""

    hall: Hall
    first: date
    last: date
    by: Grouping
    key: str | None


class CountedSpans(NamedTuple):
    """The same of halls, each with its days from `first` on; the line of all of them has no key."""

    first: date
    spans: Sequence[HallSpan]
    by: Grouping | WideGrouping
    key: str | None


class EntryRow(NamedTuple):
    hall_code: str
    hall_name: str
    hall_seq: int
    counted_on: date
    at: datetime
    action: str
    ticket_id: UUID
    number: str
    item_code: str
    item_name: str | None
    department_code: str | None
    department_name: str | None
    window_no: int | None
    actor: str
    is_at_window: bool
    waited_seconds: float | None
    served_seconds: float | None
    outcome: str | None
    missing: list[str]


async def entries(
    session: AsyncSession,
    line: CountedSpans,
    figure: TicketFigure,
    after: tuple[str, datetime, int] | None,
    limit: int,
) -> list[EntryRow]:
    """Entries of the logs that the figure of the line counts: hall by hall, as it happened."""
    hall, at, seq = after or (None, None, None)
    asked: dict[str, Any] = {"key": line.key, **columns_of(line.spans)}
    asked |= {"after_hall": hall, "after_at": at, "after_seq": seq, "limit": limit}
    sql = text(statement.entries(line.by.value, figure.value))
    return [EntryRow(*row) for row in await session.execute(sql, asked)]


async def appointments(
    session: AsyncSession,
    line: Counted,
    figure: AppointmentFigure,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[CountedAppointment]:
    """Appointments that the figure of the line counts, by their time."""
    at, key = after or (None, None)
    asked = {"hall": line.hall.code, "first": line.first, "last": line.last}
    asked |= {"after_at": at, "after": key, "limit": limit}
    if line.by is not Grouping.HALL:
        asked["key"] = line.key or ""
    if line.by is Grouping.HOUR:
        asked["zone"] = line.hall.timezone
    sql = text(statement.appointments(line.by.value, figure.value))
    rows = await session.execute(sql, asked)
    return [CountedAppointment(**row._asdict()) for row in rows]
