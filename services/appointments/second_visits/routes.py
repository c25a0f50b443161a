"""Reports on second visits over HTTP."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from services.appointments.areas.asking import Reader
from services.appointments.second_visits import printing, service, views
from services.appointments.second_visits.models import ReportState
from services.appointments.second_visits.rules import AlreadySigned
from services.appointments.second_visits.schemas import (
    NewReport,
    ReportMeasures,
    ReportWithdrawal,
    SecondVisitReportSummary,
    SecondVisitReportView,
)
from services.appointments.second_visits.workflow import WORKFLOW, ReportAction
from shared.errors import NotFound, PreconditionRequired, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers, versions
from shared.web.dependencies import Deciding, Now, Paging, Session, StepContext, allow
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/second-visit-reports", tags=["hall"], dependencies=[answers.PRIVATE])

Chief = Annotated[Caller, allow(*sorted(WORKFLOW.roles_of(ReportAction.SIGN)))]
_FOUND = problem_responses(NotFound)
_STEPS = problem_responses(NotFound, StateConflict)


@dataclass(frozen=True)
class _ReportContext(StepContext):
    """What every step of a report needs besides who takes it."""

    report_id: UUID


Step = Annotated[_ReportContext, Depends()]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="make_second_visit_report",
    summary="生成“哪些事项还要跑第二次”报告 | Make a report on second visits",
    responses=_FOUND,
)
async def make_second_visit_report(
    wanted: NewReport, session: Deciding, now: Now, caller: Chief
) -> SecondVisitReportView:
    """统计已经结束的一段日子：各事项要再来的比例、缺什么、怎样才不用再来。生成的是草稿，内容不再变动；
    有新情况请另生成一份。

    ---
    On days that are over: the share of each item that had to come again, what was missing, and what
    would end it. It is a draft whose figures stay; make another one where they have changed.
    """
    return views.view_of(await service.make(session, wanted, caller, now))


@router.get(
    "",
    operation_id="list_second_visit_reports",
    summary="二次跑动报告目录 | List reports on second visits",
)
async def list_second_visit_reports(
    session: Session,
    paging: Paging,
    caller: Reader,
    hall: Annotated[str | None, Query(max_length=32, description="大厅代码 | Hall code")] = None,
    state: ReportState | None = None,
) -> Page[SecondVisitReportSummary]:
    """本人所管大厅的报告，新的在前；撤回的也列出。

    ---
    Of the halls that you act for, the newest first, withdrawn ones too.
    """
    return await views.listed(session, caller, paging, hall=hall, state=state)


@router.get(
    "/{report_id}",
    operation_id="get_second_visit_report",
    summary="一份二次跑动报告 | A report on second visits",
    response_model=SecondVisitReportView,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, **_FOUND},
)
async def get_second_visit_report(
    report_id: UUID,
    request: Request,
    session: Session,
    caller: Reader,
    format: Literal["json", "html"] | None = None,
) -> Response:
    """`?format=html` 或 `Accept: text/html` 返回可打印、可签字的网页（A4）。

    ---
    `?format=html` or `Accept: text/html` gives a page to print and to sign (A4).
    """
    report = views.view_of(await service.visible(session, report_id, caller))
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    by = {"Vary": "Accept, Authorization", "Cache-Control": "no-store"}
    if format == "html" or (format is None and wanted):
        return Response(printing.html(report), headers=by, media_type="text/html; charset=utf-8")
    return Response(report.model_dump_json(), headers=by, media_type="application/json")


@router.put(
    "/{report_id}/measures",
    operation_id="put_second_visit_measures",
    summary="写明整改措施 | Write down the measures",
    responses=_STEPS,
)
async def put_second_visit_measures(
    given: ReportMeasures, step: Step, caller: Chief
) -> SecondVisitReportView:
    """草稿可写；签发后不能再改。

    ---
    While it is a draft; once it is signed they stay.
    """
    done = await service.plan(step.session, step.report_id, given.measures, step.by(caller))
    return views.view_of(done)


@router.post(
    "/{report_id}/sign",
    operation_id="sign_second_visit_report",
    summary="签发报告 | Sign a report",
    responses=problem_responses(NotFound, StateConflict, AlreadySigned, PreconditionRequired),
)
async def sign_second_visit_report(step: Step, caller: Chief) -> SecondVisitReportView:
    """由大厅负责人或督办领导签发所读的那一版。签发后内容不变，并记下摘要；同一期间只有一份有效。

    ---
    By the hall's manager or a supervisor, as it was read. Signed, it never changes and keeps its
    digest; one on a hall and period is in force.
    """
    versions.required(step.expected)
    return views.view_of(await service.sign(step.session, step.report_id, step.by(caller)))


@router.post(
    "/{report_id}/withdraw",
    operation_id="withdraw_second_visit_report",
    summary="撤回报告 | Withdraw a report",
    responses=_STEPS,
)
async def withdraw_second_visit_report(
    given: ReportWithdrawal, step: Step, caller: Chief
) -> SecondVisitReportView:
    """须写明原因。撤回的报告仍可查阅，但不再作数。

    ---
    With the reason. It can still be read, and counts no more.
    """
    done = await service.withdraw(step.session, step.report_id, given.reason, step.by(caller))
    return views.view_of(done)
