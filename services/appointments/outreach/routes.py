"""Outreach visits over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from services.appointments.outreach import rules, service, views
from services.appointments.outreach.models import OutreachVisitState
from services.appointments.outreach.schemas import (
    OutreachReason,
    OutreachVisitDetail,
    OutreachVisitView,
    VisitPlan,
    VisitRequest,
    VisitResult,
)
from services.appointments.outreach.views import VisitFilter
from services.appointments.outreach.workflow import VISITS, VisitAction
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    AuditedReading,
    Deciding,
    Now,
    Paging,
    RequestKeyring,
    Session,
    StepContext,
    allow,
)
from shared.web.pagination import Page
from shared.web.routing import Router
from shared.web.steps import StepTaker

router = Router(prefix="/outreach-visits", tags=["citizen"], dependencies=[answers.PRIVATE])
steps_router = Router(
    prefix="/outreach-visits/{visit_id}",
    tags=["hall"],
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound, StateConflict),
)

Asking = Annotated[Caller, allow(*rules.ASKING)]


@dataclass(frozen=True)
class _VisitContext(StepContext):
    """What every step of a visit needs besides who takes it."""

    visit_id: UUID


Step = Annotated[_VisitContext, Depends()]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="request_visit",
    summary="申请上门办理 | Ask for a visit",
    responses=problem_responses(rules.VisitRequested),
)
async def request_visit(
    wanted: VisitRequest, session: Deciding, keyring: RequestKeyring, now: Now, caller: Asking
) -> OutreachVisitDetail:
    """行动不便的群众和有需要的企业申请上门办理；没有账号的，由工作人员代为登记。姓名、电话、地址加密保存。大厅在
    规定的工作日内答复。

    ---
    Who cannot come, and enterprises that need it, ask for a visit; staff write it down for who has
    no account. Name, telephone number and address are stored encrypted. The hall answers within so
    many working days.
    """
    step = StepTaker(caller, now, keyring)
    visit = await service.request(session, wanted, step)
    return await views.visit_detail(session, visit, caller, keyring, now)


@router.get("", operation_id="list_visits", summary="上门申请 | Requests for visits")
async def list_visits(
    session: Session,
    caller: Asking,
    paging: Paging,
    now: Now,
    hall: Annotated[str | None, Query(max_length=32, description="大厅代码 | Hall code")] = None,
    state: OutreachVisitState | None = None,
    overdue: Annotated[
        bool, Query(description="只看逾期未答复的 | Only unanswered late ones")
    ] = False,
) -> Page[OutreachVisitView]:
    """群众看自己的，工作人员看本大厅的，新的在前。

    ---
    Citizens see their own, staff those of their hall; newest first.
    """
    wanted = VisitFilter(hall, state, overdue)
    return await views.visits(session, caller=caller, wanted=wanted, paging=paging, now=now)


@router.get(
    "/{visit_id}",
    operation_id="get_visit",
    summary="一次上门 | One visit",
    responses=problem_responses(NotFound),
)
async def get_visit(
    visit_id: UUID, session: AuditedReading, keyring: RequestKeyring, caller: Asking, now: Now
) -> OutreachVisitDetail:
    """申请、安排和结果；工作人员查看会记入日志。办结后本人可看到评价键。

    ---
    What was asked, planned, and came of it; that staff read it is logged. Once it is done, who
    asked finds the key to rate with.
    """
    return await views.read_visit(session, visit_id, caller, keyring, now)


@steps_router.post("/plan", operation_id="plan_visit", summary="安排上门 | Plan a visit")
async def plan_visit(
    wanted: VisitPlan,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(VISITS.roles_of(VisitAction.PLAN)))],
) -> OutreachVisitDetail:
    """定下时间、人员和携带的设备；有变动时重新安排。

    ---
    When who comes, with what; planned again where it changes.
    """
    done = await service.plan(step.session, step.visit_id, wanted, step.by(caller))
    return await views.visit_detail(step.session, done, caller, step.keyring, step.now)


@steps_router.post("/refuse", operation_id="refuse_visit", summary="说明不能上门 | Refuse a visit")
async def refuse_visit(
    given: OutreachReason,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(VISITS.roles_of(VisitAction.REFUSE)))],
) -> OutreachVisitDetail:
    """由大厅负责人说明原因和其他办法，申请人可以看到。

    ---
    The hall's manager says why, and what else can be done; who asked reads it.
    """
    done = await service.refuse(step.session, step.visit_id, given, step.by(caller))
    return await views.visit_detail(step.session, done, caller, step.keyring, step.now)


@steps_router.post("/cancel", operation_id="cancel_visit", summary="取消上门 | Cancel a visit")
async def cancel_visit(
    given: OutreachReason,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(VISITS.roles_of(VisitAction.CANCEL)))],
) -> OutreachVisitDetail:
    """本人不再需要，或大厅临时不能前往。

    ---
    Who asked needs it no more, or the hall cannot come after all.
    """
    done = await service.cancel(step.session, step.visit_id, given, step.by(caller))
    return await views.visit_detail(step.session, done, caller, step.keyring, step.now)


@steps_router.post("/finish", operation_id="finish_visit", summary="登记上门结果 | Finish a visit")
async def finish_visit(
    result: VisitResult,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(VISITS.roles_of(VisitAction.FINISH)))],
) -> OutreachVisitDetail:
    """登记结果；办理过的，与窗口办结一样可以评价和回诊。

    ---
    What came of it; where somebody was served, it is rated and followed up as at a window.
    """
    done = await service.finish(step.session, step.visit_id, result, step.by(caller))
    return await views.visit_detail(step.session, done, caller, step.keyring, step.now)
