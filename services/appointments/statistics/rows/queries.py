from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.statistics.rows import statement
from services.appointments.statistics.rows.schemas import (
    AppointmentFigure,
    CountedAppointment,
    TicketFigure,
)
from services.appointments.statistics.schemas import Grouping


class Counted(NamedTuple):
    """What a line of figures is over: a hall's days (both included), by what, and its key there,
    which the line of the hall has none of."""

    hall: Hall
    first: date
    last: date
    by: Grouping
    key: str | None

    def asked(self) -> dict[str, Any]:
        """What every statement about it is given."""
        given = {"hall": self.hall.code, "first": self.first}
        if self.by is not Grouping.HALL:
            given["key"] = self.key or ""
        return given


class EntryRow(NamedTuple):
    hall_seq: int
    at: datetime
    action: str
    ticket_id: UUID
    number: str
    item_code: str
    window_no: int | None
    actor: str
    is_at_window: bool
    waited_seconds: float | None
    served_seconds: float | None
    outcome: str | None


async def entries(
    session: AsyncSession, line: Counted, figure: TicketFigure, after: int, limit: int
) -> list[EntryRow]:
    """Entries of the log that the figure of the line counts, in the order of the hall."""
    asked = line.asked() | {"zone": line.hall.timezone, "end": line.last + timedelta(days=1)}
    sql = text(statement.entries(line.by.value, figure.value))
    rows = await session.execute(sql, asked | {"after": after, "limit": limit})
    return [EntryRow(*row) for row in rows]


async def appointments(
    session: AsyncSession,
    line: Counted,
    figure: AppointmentFigure,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[CountedAppointment]:
    """Appointments that the figure of the line counts, by their time."""
    at, key = after or (None, None)
    asked = line.asked() | {"last": line.last, "after_at": at, "after": key, "limit": limit}
    if line.by is Grouping.HOUR:
        asked["zone"] = line.hall.timezone
    sql = text(statement.appointments(line.by.value, figure.value))
    rows = await session.execute(sql, asked)
    return [CountedAppointment(**row._asdict()) for row in rows]
