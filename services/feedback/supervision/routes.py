from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from services.feedback.supervision import handling, rules, views
from services.feedback.supervision.models import OrderState
from services.feedback.supervision.schemas import (
    DEPARTMENT,
    Acceptance,
    IssueOrder,
    OrderDetail,
    OrderText,
    OrderView,
    Remark,
    SupervisionItemView,
)
from services.feedback.supervision.workflow import OrderAction
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    Deciding,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
)
from shared.web.old_queries import Formerly
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/supervision-orders", tags=["department"], dependencies=[answers.PRIVATE])

Reader = Annotated[Caller, allow(*rules.READERS)]
Officer = Annotated[Caller, allow("officer")]
Supervisor = Annotated[Caller, allow("supervisor")]

_STEP = problem_responses(NotFound, StateConflict)


@dataclass(frozen=True)
class _OrderStepContext:
    """What every step of an order needs."""

    order_id: UUID
    session: Deciding
    keyring: RequestKeyring
    now: Now
    expected: ExpectedVersion

    async def take(
        self, action: OrderAction, words: str | None, caller: Caller, reason: str | None = None
    ) -> OrderView:
        done = await handling.act(
            self.session,
            self.order_id,
            action,
            words=words,
            expected=self.expected,
            caller=caller,
            keyring=self.keyring,
            now=self.now,
            reason=reason,
        )
        return views.after(done, self.now)


Acting = Annotated[_OrderStepContext, Depends()]


@router.get("", operation_id="list_supervision_orders", summary="督办单列表 | Supervision orders")
async def list_supervision_orders(
    session: Session,
    caller: Reader,
    paging: Paging,
    now: Now,
    department: Annotated[
        str | None, Query(pattern=DEPARTMENT), Formerly("department_code")
    ] = None,
    state: OrderState | None = None,
    level: Annotated[int | None, Query(ge=1, le=3)] = None,
) -> Page[OrderView]:
    """部门只看到本部门的督办单，最新的在前。

    ---
    A department sees its own orders only, the latest first.
    """
    return await views.orders(
        session,
        caller=caller,
        department_code=department,
        state=state,
        level=level,
        paging=paging,
        now=now,
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="issue_supervision_order",
    summary="发出督办单 | Issue an order",
)
async def issue_supervision_order(
    request: IssueOrder, session: Deciding, keyring: RequestKeyring, caller: Supervisor, now: Now
) -> OrderView:
    """督办人员向部门提出书面要求；部门一个工作日内签收。

    ---
    A supervisor demands something of a department, which acknowledges within one working day.
    """
    done = await handling.issue_demand(session, request, caller=caller, keyring=keyring, now=now)
    return views.after(done, now)


@router.get(
    "/{order_id}",
    operation_id="get_supervision_order",
    summary="督办单详情 | One order",
    responses=problem_responses(NotFound),
)
async def get_supervision_order(
    order_id: UUID, session: Session, keyring: RequestKeyring, caller: Reader, now: Now
) -> OrderDetail:
    """督办单及其前 200 个事项、证据和全部办理过程。

    ---
    The order with its first 200 items, their evidence, and all that was done.
    """
    return await views.detail(session, order_id, caller=caller, keyring=keyring, now=now)


@router.get(
    "/{order_id}/items",
    operation_id="list_supervision_items",
    summary="督办事项 | Items of an order",
    responses=problem_responses(NotFound),
)
async def list_supervision_items(
    order_id: UUID, session: Session, caller: Reader, paging: Paging
) -> Page[SupervisionItemView]:
    """督办单中的全部事项，分页。

    ---
    All items of an order, in pages.
    """
    return await views.items(session, order_id, caller=caller, paging=paging)


@router.post(
    "/{order_id}/acknowledge",
    operation_id="acknowledge_supervision_order",
    summary="签收 | Acknowledge",
    responses=_STEP,
)
async def acknowledge(acting: Acting, caller: Officer, request: Remark | None = None) -> OrderView:
    """部门签收；此后开始计算答复时限。

    ---
    The department acknowledges; the time to answer starts.
    """
    return await acting.take(OrderAction.ACKNOWLEDGE, (request or Remark()).text, caller)


@router.post(
    "/{order_id}/answer",
    operation_id="answer_supervision_order",
    summary="答复 | Answer",
    responses=_STEP,
)
async def answer(request: OrderText, acting: Acting, caller: Officer) -> OrderView:
    """部门答复办理情况。

    ---
    The department says what it did.
    """
    return await acting.take(OrderAction.ANSWER, request.text, caller)


@router.post(
    "/{order_id}/accept",
    operation_id="accept_supervision_answer",
    summary="认可答复，办结 | Accept the answer",
    responses=problem_responses(NotFound, StateConflict, rules.ItemsStand),
)
async def accept(
    acting: Acting, caller: Supervisor, request: Acceptance | None = None
) -> OrderView:
    """督办人员认可答复，督办单办结。仍有事项未消除（如义务仍逾期未公开）的，须写明理由。

    ---
    The supervisor accepts the answer, and the order ends. While an item still stands, such as a
    duty that is still overdue, the reason is needed.
    """
    given = request or Acceptance()
    return await acting.take(OrderAction.ACCEPT, given.text, caller, given.reason)


@router.post(
    "/{order_id}/reject",
    operation_id="reject_supervision_answer",
    summary="退回答复 | Reject the answer",
    responses=_STEP,
)
async def reject(request: OrderText, acting: Acting, caller: Supervisor) -> OrderView:
    """督办人员退回答复并说明理由，部门须重新答复。

    ---
    The supervisor rejects the answer with reasons; the department answers again.
    """
    return await acting.take(OrderAction.REJECT, request.text, caller)
