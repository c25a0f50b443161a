from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from services.projects import notice_page
from services.projects.duties import service as duties
from services.projects.duties.views import duty_view
from services.projects.rectification import handling, printing, rules, service, views
from services.projects.rectification.handling import RectificationHandler
from services.projects.rectification.models import RectificationAction, RectificationState
from services.projects.rectification.schemas import (
    RectificationAcknowledgement,
    RectificationDemand,
    RectificationDetail,
    RectificationReason,
    RectificationReplied,
    RectificationReply,
    RectificationView,
)
from services.projects.register.schemas import UnitCode
from shared.clock import today
from shared.errors import FourEyes, NotFound, StateConflict, Text, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page
from shared.web.routing import Router

department = Router(prefix="/rectifications", tags=["department"])
auditor = Router(prefix="/rectifications", tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]
Officer = Annotated[Caller, allow("officer")]
Auditor = Annotated[Caller, allow("auditor")]

_STEP = problem_responses(NotFound, StateConflict)
_DECIDED = problem_responses(NotFound, StateConflict, FourEyes)


@department.get("", operation_id="list_rectifications", summary="整改清单 | List rectifications")
async def list_rectifications(
    session: Session,
    now: Now,
    paging: Paging,
    caller: Reader,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    state: Annotated[RectificationState | None, Query(description="状态 | State")] = None,
    duty: Annotated[UUID | None, Query(description="公开义务 | Duty")] = None,
    mine: Annotated[bool, Query(description="只列等我办理的 | Only what waits for me")] = False,
    overdue: Annotated[bool, Query(description="只列已过期限的 | Only what is overdue")] = False,
    due_before: Annotated[
        date | None, Query(description="只列此日之前到期的 | Only what is due before that day")
    ] = None,
) -> Page[RectificationView]:
    """整改及其期限，先到期的在前，期限不明的在后；经办人只见本部门。`mine=true` 为待办清单：公开
    主体的是待签收、待回复的，监察人员的是待审回复和待第二人决定的，督办人员的是已转督办的和监察人员逾期未审的。

    ---
    Orders with their last day, the first in front; those whose day is not known come last. Officers
    see their own unit. `mine=true` is a work list: of a unit what it has to acknowledge or reply
    to, of an auditor replies and what another has proposed, of a supervisor what was escalated and
    what an auditor has let lie.
    """
    after = paging.key(date, UUID)
    rows = await service.listed(
        session,
        caller,
        now,
        unit=unit,
        state=state,
        duty=duty,
        mine=mine,
        overdue=overdue,
        due_before=due_before,
        after=after and (None if after[0] == date.max else after[0], after[1]),
        limit=paging.limit + 1,
    )
    return views.listed(rows, paging, today(now))


@auditor.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="order_rectification",
    summary="要求整改 | Order a rectification",
    responses=problem_responses(
        NotFound, StateConflict, rules.NoFault, rules.OrderOpen, rules.DisputeIsOpen
    ),
)
async def order_rectification(
    order: RectificationDemand, session: Deciding, now: Now, caller: Auditor
) -> RectificationView:
    """对逾期未公开、逾期公开、要素不全、公开后撤下或提前公开的，要求公开主体限期整改；一项义务同时只有
    一件。期限按工作日计算，放假通知未载入的如实留空。

    ---
    Order a unit to put right what is overdue, late, incomplete, withdrawn or too early; one order a
    duty at a time. The term counts working days, and stays empty while a notice is not loaded.
    """
    row = await service.issue(session, order, now, caller)
    return views.rectification_view(row, today(now))


@department.get(
    "/{rectification_id}.html",
    operation_id="read_rectification_notice",
    summary="整改通知书（可打印网页） | An order as a notice to print",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(NotFound)},
)
async def read_rectification_notice(
    rectification_id: UUID, request: Request, session: Session, now: Now, caller: Reader
) -> Response:
    """送达公开主体的整改通知书，附办理情况。

    ---
    The notice that is handed over to the unit, with all that was done.
    """
    row = await service.find(session, rectification_id, caller)
    steps = await service.steps(session, rectification_id)
    duty = duty_view(await duties.duty_view(session, row.order.duty_id, caller, now))
    settings = request.state.settings
    html = printing.page(row, steps, duty, Text(settings.city, settings.city_en))
    return notice_page.answer(html)


@department.get(
    "/{rectification_id}",
    operation_id="read_rectification",
    summary="查阅一件整改 | Read a rectification",
    responses=problem_responses(NotFound),
)
async def read_rectification(
    rectification_id: UUID, session: Session, now: Now, caller: Reader
) -> RectificationDetail:
    """整改要求、期限、历次回复和办理，以及复核的存证。

    ---
    What is to be put right until when, all replies and steps, and the evidence that proves it.
    """
    row = await service.find(session, rectification_id, caller)
    steps = await service.steps(session, rectification_id)
    return views.detail(row, steps, today(now))


@department.post(
    "/{rectification_id}/acknowledge",
    operation_id="acknowledge_rectification",
    summary="签收整改要求 | Acknowledge an order",
    responses=_STEP,
)
async def acknowledge_rectification(
    rectification_id: UUID,
    session: Deciding,
    now: Now,
    caller: Officer,
    order: RectificationAcknowledgement | None = None,
) -> RectificationView:
    """公开主体签收；期限不因签收早晚而变。

    ---
    The unit acknowledges; its last day stays as it is.
    """
    by = RectificationHandler(session, caller, now, order.version if order else None)
    row = await handling.acknowledge(by, rectification_id)
    return views.rectification_view(row, today(now))


@department.post(
    "/{rectification_id}/reply",
    operation_id="reply_to_rectification",
    summary="回复整改情况 | Reply to an order",
    responses=_STEP,
)
async def reply_to_rectification(
    rectification_id: UUID,
    order: RectificationReply,
    session: Deciding,
    now: Now,
    caller: Officer,
) -> RectificationReplied:
    """以现在公开的网址、文件或说明回复。回复本身不是证明：采集器读取所填网址并存证，按常规比对，下达之前就在网上的
    不算整改；`recapture` 说明将怎样读取。监察人员在审核期限内没有审核、也没有证明的，继续逐级升级。

    ---
    By the address where it is published now, a document, or an explanation. A reply proves nothing:
    the collector reads the address, keeps it as evidence and matches it as usual, and what was
    there before the order puts nothing right; `recapture` says how it will be read. Where nobody
    looks at the reply in their term and nothing proves it, the order rises on.
    """
    by = RectificationHandler(session, caller, now, order.version)
    row = await handling.reply(by, rectification_id, order)
    return views.replied(row, today(now))


@auditor.post(
    "/{rectification_id}/return",
    operation_id="return_rectification",
    summary="退回回复 | Return a reply",
    responses=_DECIDED,
)
async def return_rectification(
    rectification_id: UUID,
    order: RectificationReason,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> RectificationView:
    """回复没有解决问题的，说明理由退回，另给期限。

    ---
    A reply that settles nothing goes back with the reason, and the unit has a further term.
    """
    by = RectificationHandler(session, caller, now, order.version)
    row = await handling.give_back(by, rectification_id, order)
    return views.rectification_view(row, today(now))


async def _end(
    rectification_id: UUID,
    action: RectificationAction,
    order: RectificationReason,
    by: RectificationHandler,
) -> RectificationView:
    row = await handling.end(by, rectification_id, action, order)
    return views.rectification_view(row, today(by.now))


@auditor.post(
    "/{rectification_id}/close",
    operation_id="close_rectification",
    summary="办结整改 | Close an order",
    responses=_DECIDED,
)
async def close_rectification(
    rectification_id: UUID,
    order: RectificationReason,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> RectificationView:
    """下达之后的抓取证明已整改的，当即办结；没有存证的，第一人提议（`proposal` 为 close），由没有
    经手的另一位监察人员办结。

    ---
    Closed at once where what was seen after the order proves it. Without proof the first auditor
    proposes it (`proposal` is `close`), and another who had no part in it closes it.
    """
    by = RectificationHandler(session, caller, now, order.version)
    return await _end(rectification_id, RectificationAction.CLOSE, order, by)


@auditor.post(
    "/{rectification_id}/revoke",
    operation_id="revoke_rectification",
    summary="撤销整改要求 | Revoke an order",
    responses=_DECIDED,
)
async def revoke_rectification(
    rectification_id: UUID,
    order: RectificationReason,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> RectificationView:
    """要求有误的，第一人提议撤销（`proposal` 为 revoke），由没有经手的另一位监察人员撤销。

    ---
    An order that was wrong is taken back: the first auditor proposes it (`proposal` is `revoke`),
    and another who had no part in it does so.
    """
    by = RectificationHandler(session, caller, now, order.version)
    return await _end(rectification_id, RectificationAction.REVOKE, order, by)


@auditor.post(
    "/{rectification_id}/refuse",
    operation_id="refuse_rectification_proposal",
    summary="不同意或撤回提议 | Refuse or withdraw a proposal",
    responses=_DECIDED,
)
async def refuse_rectification_proposal(
    rectification_id: UUID,
    order: RectificationReason,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> RectificationView:
    """不同意他人办结或撤销的提议，或撤回自己的提议；整改照原样继续，公开主体的期限不变。

    ---
    What another has proposed is not done, or who proposed it takes it back; the order goes on as it
    was, and the last day of its unit stays as it is.
    """
    by = RectificationHandler(session, caller, now, order.version)
    row = await handling.refuse(by, rectification_id, order)
    return views.rectification_view(row, today(now))
