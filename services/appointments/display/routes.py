from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header, Path

from services.appointments.display import service
from services.appointments.display.schemas import (
    DisplayView,
    QueueEntry,
    WindowEntry,
    queue_entry,
    with_estimate,
)
from services.appointments.queueing.schemas import TicketView
from shared.clock import Now
from shared.db import Session
from shared.identity import Caller, allow, public
from shared.pages import Page, Paging, page
from shared.routing import Router

router = Router()
HallCode = Annotated[str, Path(max_length=32, examples=["H001"])]
Staff = Annotated[Caller, allow("clerk", "hall_manager", "device", "auditor")]


@router.get(
    "/tickets/{ticket_id}",
    operation_id="get_ticket",
    summary="查看号票 | See a ticket",
    tags=["citizen"],
)
async def get_ticket(
    ticket_id: UUID,
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
    accept_language: Annotated[str, Header(max_length=200)] = "zh",
) -> TicketView:
    """凭取号时得到的编号查看：前面几位、预计等候多久、被叫到几号窗口。

    ---
    With the id given when the ticket was taken: how many come before, the expected wait, and
    which window calls.
    """
    found, estimate = await service.ticket(session, ticket_id, now)
    language = "en" if accept_language.lower().startswith("en") else "zh"
    return with_estimate(found, estimate, language)


@router.get(
    "/halls/{hall}/display",
    operation_id="get_display",
    summary="大屏内容 | The screens of a hall",
    tags=["citizen"],
)
async def get_display(
    hall: HallCode, session: Session, now: Now, _: Annotated[Caller | None, public()]
) -> DisplayView:
    """叫号大屏：哪个号到哪个窗口，各事项等候人数和预计时间。不含任何个人信息。

    ---
    Which number goes to which window, how many wait for each item and how long. Nothing about
    people.
    """
    return await service.display(session, hall, now)


@router.get(
    "/halls/{hall}/queue",
    operation_id="get_queue",
    summary="大厅队列 | The queue of a hall",
    tags=["hall"],
)
async def get_queue(
    hall: HallCode, session: Session, now: Now, paging: Paging, caller: Staff
) -> Page[QueueEntry]:
    """未办结的号，按应叫时间排列，含优先类别和照顾分钟数。

    ---
    Unfinished tickets in the order in which they are due, with class and credit.
    """
    after = paging.key(datetime, UUID)
    tickets, forecast = await service.queue(
        session, caller, hall, after and (after[0], after[1]), paging.limit, now
    )
    return page(
        tickets,
        paging,
        lambda ticket: (ticket.due_at, ticket.id),
        lambda ticket: queue_entry(ticket, forecast.of(ticket.id)),
    )


@router.get(
    "/halls/{hall}/windows-at-work",
    operation_id="list_windows_at_work",
    summary="各窗口现状 | The windows now",
    tags=["hall"],
)
async def list_windows_at_work(
    hall: HallCode, session: Session, caller: Staff
) -> list[WindowEntry]:
    """每个窗口的状态、值守人员和正在办理的号。

    ---
    The state of every window, who works there, and which number is there.
    """
    return await service.windows(session, caller, hall)
