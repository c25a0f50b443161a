from typing import Annotated

from fastapi import Path, Query

from services.appointments.areas.asking import From, OpenedDays, Opener, To
from services.appointments.statistics.rows import service
from services.appointments.statistics.rows.schemas import (
    AppointmentFigure,
    CountedAppointment,
    CountedEntry,
    TicketFigure,
)
from services.appointments.statistics.schemas import Grouping, WideGrouping
from shared import clock
from shared.web.dependencies import Now, Paging, Session
from shared.web.gate import Priority
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/halls/{hall}", tags=["hall"], priority=Priority.EXPORT)
of_halls = Router(tags=["hall"], priority=Priority.EXPORT)
HallAsked = Annotated[str, Path(max_length=32, examples=["H001"])]
Key = Annotated[
    str | None,
    Query(max_length=128, description="汇总中本行所指；大厅合计不填 | The line's key, as given"),
]


@router.get(
    "/statistics/tickets",
    operation_id="list_counted_tickets",
    summary="统计数字所依据的号票记录 | The log entries behind a figure",
)
async def list_counted_tickets(
    hall: HallAsked,
    session: Session,
    now: Now,
    caller: Opener,
    paging: Paging,
    first: From = None,
    last: To = None,
    by: Grouping = Grouping.HALL,
    key: Key = None,
    figure: TicketFigure = TicketFigure.SERVED,
) -> Page[CountedEntry]:
    """逐条列出一个数字所计的记录，并给出整次到访的查看地址。

    ---
    One by one what a figure counts, each with where the whole visit is told.
    """
    today = clock.today(now)
    line = await service.counted(session, caller, hall, first or today, last or today, by, key)
    return await service.of_hall(session, line, figure, paging)


@of_halls.get(
    "/statistics/tickets",
    operation_id="list_counted_tickets_of_halls",
    summary="各大厅统计数字所依据的号票记录 | The log entries behind a figure of several halls",
)
async def list_counted_tickets_of_halls(
    session: Session,
    caller: Opener,
    wanted: OpenedDays,
    paging: Paging,
    by: WideGrouping = WideGrouping.HALL,
    key: Key = None,
    figure: TicketFigure = TicketFigure.SERVED,
) -> Page[CountedEntry]:
    """逐条列出各大厅、区划汇总中一个数字所计的记录，条数与该数字相同；不含个人信息。

    ---
    One by one what a figure over halls or areas counts, as many as it says; nothing personal.
    """
    return await service.of_halls(session, caller, wanted, by, key, figure, paging)


@router.get(
    "/utilisation/appointments",
    operation_id="list_counted_appointments",
    summary="统计数字所依据的预约 | The appointments behind a figure",
)
async def list_counted_appointments(
    hall: HallAsked,
    session: Session,
    now: Now,
    caller: Opener,
    paging: Paging,
    first: From = None,
    last: To = None,
    by: Grouping = Grouping.HALL,
    key: Key = None,
    figure: AppointmentFigure = AppointmentFigure.BOOKED,
) -> Page[CountedAppointment]:
    """逐条列出一个数字所计的预约，不含当事人的信息。

    ---
    One by one the appointments that a figure counts; nothing of whom they are for.
    """
    today = clock.today(now)
    line = await service.counted(session, caller, hall, first or today, last or today, by, key)
    return await service.appointments(session, line, figure, paging)
