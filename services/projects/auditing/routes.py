from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response, status

from services.projects.auditing import printing, service, views
from services.projects.auditing.one_at_a_time import Alone
from services.projects.auditing.rules import report as reporting
from services.projects.auditing.rules.turns import AuditRunning
from services.projects.auditing.schemas import (
    AuditOrder,
    AuditView,
    Column,
    ReportBody,
    ReportRow,
    ReportSummary,
    ReportView,
)
from services.projects.register.models import UNIT_CODE
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])
everyone = Router(tags=["citizen"])

Anyone = Annotated[Caller | None, public()]
_FOUND = problem_responses(NotFound)


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {media_type: {}}, "description": "文件 | The file"}, **_FOUND}


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
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
    order: Annotated[AuditOrder | None, Body()] = None,
) -> AuditView:
    """按今天的日历和证据判定全部义务，并冻结监察报表。几个人同时发起的，依次进行，各得一份报表。

    ---
    Judge every duty by today's calendar and evidence, and freeze the unit report. Audits ordered
    at the same time run one after the other, and each has a report of its own.
    """
    as_of = order.as_of if order else None
    done = await service.audit(session, audit_id, as_of, now, actor=caller.sub)
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
    return page(rows, paging, lambda r: (r.frozen_at, r.id), ReportSummary.model_validate)


@everyone.get(
    "/reports/{report_id}.json",
    operation_id="read_report_json",
    summary="报表（JSON 文件） | A report as JSON",
    responses=_FOUND,
    response_model=ReportBody,
)
async def read_report_json(report_id: UUID, session: Session, _: Anyone) -> Response:
    """冻结时的原样字节，其 SHA-256 见报表目录。

    ---
    The bytes as they were frozen; the list of reports names their SHA-256.
    """
    report = await service.find_report(session, report_id)
    return Response(
        report.body, media_type="application/json", headers=views.frozen_headers(report)
    )


@everyone.get(
    "/reports/{report_id}.csv",
    operation_id="read_report_csv",
    summary="报表（CSV 文件） | A report as CSV",
    responses=_file("text/csv"),
    response_class=Response,
)
async def read_report_csv(report_id: UUID, session: Session, _: Anyone) -> Response:
    """供电子表格打开：每个公开主体一行。

    ---
    For spreadsheets: a line a unit.
    """
    report = await service.find_report(session, report_id)
    content = reporting.to_csv(reporting.read_bytes(report.body))
    name = f'attachment; filename="report-{report.as_of}.csv"'
    headers = {**views.frozen_headers(report), "Content-Disposition": name}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@everyone.get(
    "/reports/{report_id}.html",
    operation_id="read_report_page",
    summary="报表（可打印网页） | A report as a printable page",
    responses=_file("text/html"),
    response_class=Response,
)
async def read_report_page(report_id: UUID, session: Session, _: Anyone) -> Response:
    """红黄绿灯、图和表；每个数字都可点开到所依据的义务。

    ---
    Lights, a chart and a table; every figure opens to the duties behind it.
    """
    report = await service.find_report(session, report_id)
    html = printing.report_page(report.id, report.sha256, reporting.read_bytes(report.body))
    return Response(
        html, media_type="text/html; charset=utf-8", headers=views.frozen_headers(report)
    )


@everyone.get(
    "/reports/{report_id}/rows.html",
    operation_id="read_report_rows_page",
    summary="报表数字背后的义务（网页） | The duties behind a figure, as a page",
    responses=_file("text/html"),
    response_class=Response,
)
async def read_report_rows_page(
    report_id: UUID,
    session: Session,
    _: Anyone,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
    column: Column | None = None,
) -> Response:
    """点开一个数字：列出当时如此判定的每项义务及网页地址（最多1000项）。

    ---
    A figure opened: each duty that stood so then, with the address of its page (1,000 at most).
    """
    report = await service.find_report(session, report_id)
    rows = await service.report_rows(
        session, report, unit=unit, column=column, after=None, limit=1000
    )
    content = reporting.read_bytes(report.body)
    html = printing.rows_page(report.id, content, rows, unit=unit, column=column)
    return Response(
        html, media_type="text/html; charset=utf-8", headers=views.frozen_headers(report)
    )


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
    return views.report_view(await service.find_report(session, report_id))
