"""Opens a figure to the rows that it counts, for who may read each of them."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import AskedDays, HallSpan
from services.appointments.statistics import service
from services.appointments.statistics.rows import queries
from services.appointments.statistics.rows.queries import Counted, CountedSpans, EntryRow
from services.appointments.statistics.rows.schemas import (
    AppointmentFigure,
    CountedAppointment,
    CountedEntry,
    TicketFigure,
)
from services.appointments.statistics.schemas import Grouping, WideGrouping
from services.appointments.statistics.use import service as use
from services.appointments.windows import service as windows
from services.appointments.windows.rules import Names
from shared.clock import day_start
from shared.errors import Invalid, Text
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_NO_KEY = Text(
    "请说明要看哪一行，照汇总中给出的地址即可",
    "Please say which line: the address is given with it",
)
_UNBOOKED = Text(
    "预约不分窗口和人员，请按大厅、事项、部门、小时、日期或月份查看",
    "Nobody books a window or a clerk: ask by hall, item, agency, hour, day or month",
)


async def counted(
    session: AsyncSession,
    caller: Caller,
    hall_code: str,
    first: date,
    last: date,
    by: Grouping,
    key: str | None,
) -> Counted:
    """The line that is asked about. Raises NotFound or Invalid."""
    hall = await service.hall_asked(session, caller, hall_code, first, last)
    if by is not Grouping.HALL and key is None:
        raise Invalid(_NO_KEY, pointer="/query/key")
    return Counted(hall, first, last, by, key)


async def of_hall(
    session: AsyncSession, line: Counted, figure: TicketFigure, paging: PageRequest
) -> Page[CountedEntry]:
    """The entries of the hall's log that the figure counts, in the order in which it happened."""
    spans = [HallSpan(line.hall.code, line.first, line.last)]
    of_spans = CountedSpans(line.first, spans, line.by, line.key)
    return await _entries(session, of_spans, figure, paging)


async def of_halls(
    session: AsyncSession,
    caller: Caller,
    wanted: AskedDays,
    by: WideGrouping,
    key: str | None,
    figure: TicketFigure,
    paging: PageRequest,
) -> Page[CountedEntry]:
    """The same of halls, one after the other. Raises NotFound or Invalid."""
    if by is not WideGrouping.HALL and key is None:
        raise Invalid(_NO_KEY, pointer="/query/key")
    spans = await service.spans_of(session, caller, wanted, by)
    return await _entries(session, CountedSpans(wanted.first, spans, by, key), figure, paging)


async def _entries(
    session: AsyncSession, line: CountedSpans, figure: TicketFigure, paging: PageRequest
) -> Page[CountedEntry]:
    after = paging.key(str, datetime, int)
    rows = await queries.entries(session, line, figure, after, paging.limit + 1)
    staff = {row.actor for row in rows if row.is_at_window}
    names = await windows.names(session, staff, day_start(line.first))
    return page(
        rows,
        paging,
        lambda row: (row.hall_code, row.at, row.hall_seq),
        lambda row: _entry(row, names),
    )


def _entry(row: EntryRow, names: Names) -> CountedEntry:
    """Who did it only where it was done at a window: else it may be a device or the person."""
    shown = row._asdict()
    waited, served, actor = (shown.pop(n) for n in ("waited_seconds", "served_seconds", "actor"))
    clerk = names.at(actor, row.at) or actor if shown.pop("is_at_window") else None
    return CountedEntry(
        **shown,
        clerk=clerk,
        waited_minutes=_minutes(waited),
        served_minutes=_minutes(served),
        history=f"/api/v1/tickets/{row.ticket_id}/history",
    )


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


async def appointments(
    session: AsyncSession, line: Counted, figure: AppointmentFigure, paging: PageRequest
) -> Page[CountedAppointment]:
    """The appointments that the figure counts, by their time. Raises Invalid."""
    if line.by not in use.BOOKABLE:
        raise Invalid(_UNBOOKED, pointer="/query/by")
    after = paging.key(datetime, UUID)
    place = (after[0], after[1]) if after else None
    rows = await queries.appointments(session, line, figure, place, paging.limit + 1)
    return page(rows, paging, lambda row: (row.starts_at, row.id), lambda row: row)
