import hashlib
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Response
from pydantic import BaseModel

from services.appointments.display import service, views
from services.appointments.display.schemas import (
    DisplayView,
    QueueEntry,
    WindowEntry,
)
from services.appointments.queueing.schemas import TicketView
from shared.security.identity import Caller
from shared.web import answers
from shared.web.conditions import unless_known
from shared.web.dependencies import (
    Language,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
    public,
)
from shared.web.gate import EXTENSION, REMEMBERED, Priority
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router()
HallCode = Annotated[str, Path(max_length=32, examples=["H001"])]
TicketKey = Annotated[
    str | None, Header(max_length=64, description="取号时得到的键 | The key given with the ticket")
]
KnownTag = Annotated[str | None, Header(max_length=500)]
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "没有变化 | Not modified"}}
FIRST: dict[str, Any] = {EXTENSION: Priority.WINDOW.name.lower()}
"""What the people at the windows work by comes before what others look at. The screens' own reader
is the gateway, which puts it first there; strangers look too."""
Staff = Annotated[Caller, allow("clerk", "hall_manager", "auditor")]


@router.get(
    "/tickets",
    operation_id="list_my_tickets",
    summary="我的号 | My tickets",
    tags=["citizen"],
)
async def list_my_tickets(
    session: Session,
    now: Now,
    paging: Paging,
    language: Language,
    caller: Annotated[Caller, allow("citizen")],
) -> Page[TicketView]:
    """本人账户取的号、本人预约签到的号，以及凭与本人实名账户一致的证件取的号，新的在前；转办后显示最后一程。

    ---
    Tickets that the account took, those of its appointments wherever they were checked in, and
    those taken by the ID number of the verified account; newest first. After a transfer the last
    leg is shown.
    """
    key = paging.key(UUID)
    after = key[0] if key else None
    found = await service.own_tickets(session, caller, after, paging.limit, now)
    return page(
        found,
        paging,
        lambda each: (each[0].id,),
        lambda each: views.with_estimate(each[0], each[1], language),
    )


@router.get(
    "/tickets/{ticket_id}",
    operation_id="get_ticket",
    summary="查看号票 | See a ticket",
    tags=["citizen"],
    response_model=TicketView,
    responses=_NOT_MODIFIED,
)
async def get_ticket(
    ticket_id: UUID,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    language: Language,
    caller: Annotated[Caller | None, public()],
    ticket_key: TicketKey = None,
    if_none_match: KnownTag = None,
) -> Response:
    """前面几位、预计等候多久、被叫到几号窗口。本人登录或本大厅人员、设备可看；未登录的，凭取号时得到的键
    （请求头 Ticket-Key）。带 `If-None-Match` 轮询，没有变化返回 304。

    ---
    How many come before, the expected wait, and which window calls: for its owner, the staff and
    devices of the hall, and whoever sends the key given with the ticket in Ticket-Key. Poll with
    `If-None-Match`: 304 while nothing changed.
    """
    found, estimate = await service.ticket(session, keyring, ticket_id, caller, ticket_key, now)
    shown = views.with_estimate(found, estimate, language)
    whole = _tagged(shown)
    answers.in_language(whole, language)
    answers.vary(whole, "Authorization", "Ticket-Key")
    return unless_known(whole, if_none_match)


@router.get(
    "/halls/{hall}/display",
    operation_id="get_display",
    summary="大屏内容 | The screens of a hall",
    tags=["citizen"],
    response_model=DisplayView,
    responses=_NOT_MODIFIED,
    openapi_extra={REMEMBERED: 1},
)
async def get_display(
    hall: HallCode,
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
    if_none_match: KnownTag = None,
) -> Response:
    """叫号大屏：哪个号到哪个窗口，各事项等候人数和预计时间。不含任何个人信息。
    带 `If-None-Match` 轮询，没有变化返回 304。

    ---
    Which number goes to which window, how many wait for each item and how long. Nothing about
    people. Poll with `If-None-Match`: 304 while nothing changed.
    """
    return unless_known(_tagged(await views.display(session, hall, now)), if_none_match)


@router.get(
    "/halls/{hall}/queue",
    operation_id="get_queue",
    summary="大厅队列 | The queue of a hall",
    tags=["hall"],
    openapi_extra=FIRST,
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
        lambda ticket: views.queue_entry(ticket, forecast.of(ticket.id)),
    )


@router.get(
    "/halls/{hall}/windows-at-work",
    operation_id="list_windows_at_work",
    summary="各窗口现状 | The windows now",
    tags=["hall"],
    openapi_extra=FIRST,
)
async def list_windows_at_work(
    hall: HallCode, session: Session, caller: Staff
) -> Page[WindowEntry]:
    """每个窗口的状态、值守人员和正在办理的号。

    ---
    The state of every window, who works there, and which number is there.
    """
    return Page(items=await service.windows(session, caller, hall))


def _tagged(shown: BaseModel) -> Response:
    """The answer under its hash, the time of asking left out."""
    digest = hashlib.sha256(shown.model_dump_json(exclude={"at"}).encode()).hexdigest()[:32]
    headers = {"ETag": f'W/"{digest}"', "Cache-Control": "no-cache"}
    return Response(shown.model_dump_json(), headers=headers, media_type="application/json")
