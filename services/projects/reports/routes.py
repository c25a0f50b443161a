from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request, Response, status

from services.projects.auditing.rules.turns import AuditRunning
from services.projects.register.models import UNIT_CODE
from services.projects.reports import printing, service, views
from services.projects.reports.one_at_a_time import Alone
from services.projects.reports.rules import report as reporting
from services.projects.reports.schemas import (
    AuditOrder,
    AuditView,
    Column,
    ReportBody,
    ReportRow,
    ReportSummary,
    ReportView,
    WithdrawalOrder,
)
from shared.errors import NotFound, StateConflict, Text, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.conditions import unless_known
from shared.web.dependencies import Deciding, Language, Now, Paging, Session, allow, public
from shared.web.describing import refer, sends
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])
everyone = Router(tags=["citizen"])

Anyone = Annotated[Caller | None, public()]
_FOUND = problem_responses(NotFound)


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    sent = {"content": {media_type: {}}, "description": "文件 | The file", "headers": refer("ETag")}
    return {200: sent, **_FOUND}


@router.post(
    "/audits",
    status_code=status.HTTP_201_CREATED,
    operation_id="run_audit",
    summary="监察并出报表 | Audit and freeze a report",
    responses=problem_responses(AuditRunning),
    openapi_extra={"x-deadline-seconds": 30},
)
async def run_audit(
    audit_id: Alone,
    request: Request,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
    order: Annotated[AuditOrder | None, Body()] = None,
) -> AuditView:
    """按今天的日历和证据判定全部义务，并冻结监察报表。几个人同时发起的，依次进行，各得一份报表。

    指定过去的日期，则按事情发生的时间判定那一天，不改变今天的结论。

    ---
    Judge every duty by today's calendar and evidence, and freeze the unit report. Audits ordered
    at the same time run one after the other, and each has a report of its own. A past day is judged
    by when things happened, and leaves the verdicts of today as they are.
    """
    as_of, settings = order.as_of if order else None, request.state.settings
    city = Text(settings.city, settings.city_en)
    done = await service.audit(session, audit_id, as_of, now, actor=caller.sub, city=city)
    return views.audit_view(done)


@router.get(
    "/audits/{audit_id}",
    operation_id="read_audit",
    summary="查阅一次监察 | Read an audit",
    responses=_FOUND,
)
async def read_audit(
    audit_id: UUID, session: Session, _: Annotated[Caller, allow("auditor", "admin")]
) -> AuditView:
    """一次监察判定了多少、变化了多少、所出的报表。

    ---
    How many duties an audit judged, how many verdicts moved, and its report.
    """
    return views.audit_view(await service.find_audit(session, audit_id))


@everyone.get("/reports", operation_id="list_reports", summary="监察报表目录 | List reports")
async def list_reports(session: Session, paging: Paging, _: Anyone) -> Page[ReportSummary]:
    """已冻结的监察报表，最新的在前。

    ---
    Frozen monitoring reports, the newest first.
    """
    rows = await service.list_reports(session, paging, paging.limit + 1)
    withdrawn = await service.withdrawals(session, rows)
    return page(
        rows,
        paging,
        lambda r: (r.frozen_at, r.id),
        lambda r: views.summary_view(r, withdrawn.get(r.id)),
    )


@everyone.get(
    "/reports/{report_id}.json",
    operation_id="read_report_json",
    summary="报表（JSON 文件） | A report as JSON",
    responses={**_FOUND, **sends("ETag")},
    response_model=ReportBody,
)
async def read_report_json(
    report_id: UUID, request: Request, session: Session, _: Anyone
) -> Response:
    """冻结时的原样字节，其 SHA-256 见报表目录。

    ---
    The bytes as they were frozen; the list of reports names their SHA-256.
    """
    report = await service.find_report(session, report_id)
    headers = views.frozen_headers(report)
    file = Response(report.body, media_type="application/json", headers=headers)
    return unless_known(file, request.headers.get("if-none-match"))


@everyone.get(
    "/reports/{report_id}.csv",
    operation_id="read_report_csv",
    summary="报表（CSV 文件） | A report as CSV",
    responses=_file("text/csv"),
    response_class=Response,
)
async def read_report_csv(
    report_id: UUID, request: Request, session: Session, language: Language, _: Anyone
) -> Response:
    """供电子表格打开：每个公开主体一行；表头用所请求的语言。

    ---
    For spreadsheets: a line a unit, under heads in the language that is asked for.
    """
    report = await service.find_report(session, report_id)
    content = reporting.to_csv(reporting.read_bytes(report.body), language)
    name = f'attachment; filename="report-{report.as_of}.csv"'
    headers = {**views.frozen_headers(report, language), "Content-Disposition": name}
    file = Response(content, media_type="text/csv; charset=utf-8", headers=headers)
    answers.in_language(file, language)
    return unless_known(file, request.headers.get("if-none-match"))


@everyone.get(
    "/reports/{report_id}.html",
    operation_id="read_report_page",
    summary="报表（可打印网页） | A report as a printable page",
    responses=_file("text/html"),
    response_class=Response,
)
async def read_report_page(
    report_id: UUID, request: Request, session: Session, _: Anyone
) -> Response:
    """红黄绿灯、图和表；每个数字都可点开到所依据的义务。

    ---
    Lights, a chart and a table; every figure opens to the duties behind it.
    """
    report = await service.find_report(session, report_id)
    withdrawal = (await service.withdrawals(session, [report])).get(report_id)
    html = printing.report_page(report, reporting.read_bytes(report.body), withdrawal)
    return views.page(html, request)


@everyone.get(
    "/reports/{report_id}/rows.html",
    operation_id="read_report_rows_page",
    summary="报表数字背后的义务（网页） | The duties behind a figure, as a page",
    responses=_file("text/html"),
    response_class=Response,
)
async def read_report_rows_page(
    report_id: UUID,
    request: Request,
    session: Session,
    _: Anyone,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
    column: Column | None = None,
    number: Annotated[
        int, Query(alias="page", ge=1, le=100_000, description="第几页 | Which page.")
    ] = 1,
) -> Response:
    """点开一个数字：逐项列出届满日、发布时间、逾期天数、网页地址和存证，每页200项。

    ---
    A figure opened: each duty with its due day, its publication, the days over, the address of the
    page and the evidence; 200 a page.
    """
    report = await service.find_report(session, report_id)
    figure = printing.Figure(reporting.read_bytes(report.body), unit, column, number)
    rows = await service.report_rows(
        session, report, unit=unit, column=column, offset=figure.offset, limit=printing.ROWS_A_PAGE
    )
    withdrawal = (await service.withdrawals(session, [report])).get(report_id)
    html = printing.rows_page(report, figure, rows, withdrawal)
    return views.page(html, request)


@everyone.get(
    "/reports/{report_id}/rows",
    operation_id="list_report_rows",
    summary="报表数字背后的义务 | The duties behind a figure",
    responses=_FOUND,
)
async def list_report_rows(
    report_id: UUID,
    session: Session,
    paging: Paging,
    _: Anyone,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
    column: Column | None = None,
) -> Page[ReportRow]:
    """冻结时如此判定的每项义务。

    ---
    Each duty that stood so when the report was frozen.
    """
    report = await service.find_report(session, report_id)
    after = paging.key(UUID)
    rows = await service.report_rows(
        session,
        report,
        unit=unit,
        column=column,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.duty_id,), views.row_view)


@everyone.get(
    "/reports/{report_id}",
    operation_id="read_report",
    summary="查阅报表 | Read a report",
    responses=_FOUND,
)
async def read_report(report_id: UUID, session: Session, _: Anyone) -> ReportView:
    """冻结的监察报表及其指纹。

    ---
    A frozen report with its fingerprint.
    """
    report = await service.find_report(session, report_id)
    withdrawn = await service.withdrawals(session, [report])
    return views.report_view(report, withdrawn.get(report_id))


@router.post(
    "/reports/{report_id}/withdraw",
    operation_id="withdraw_report",
    summary="撤回报表 | Withdraw a report",
    responses=problem_responses(NotFound, StateConflict),
)
async def withdraw_report(
    report_id: UUID,
    order: WithdrawalOrder,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> ReportView:
    """有误的报表注明理由后撤回，仍可查阅，但不再作数，也不再用来对比。

    ---
    A report that is wrong is taken back with a reason: it can be read, no longer counts, and is
    compared with no more.
    """
    done = await service.withdraw(session, report_id, order.reason, now, actor=caller.sub)
    return views.report_view(*done)
