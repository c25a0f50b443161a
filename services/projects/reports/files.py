"""Reports as files and pages."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects.register.models import UNIT_CODE
from services.projects.reports import printing, service, views, workbook
from services.projects.reports.grouping import Grouped
from services.projects.reports.rules import report as reporting
from services.projects.reports.schemas import Column, ReportBody
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web import answers, workbooks
from shared.web.conditions import unless_known
from shared.web.dependencies import Language, Session, public
from shared.web.describing import refer, sends
from shared.web.routing import Router

everyone = Router(tags=["citizen"])

Anyone = Annotated[Caller | None, public()]
_FOUND = problem_responses(NotFound)


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    sent = {"content": {media_type: {}}, "description": "文件 | The file", "headers": refer("ETag")}
    return {200: sent, **_FOUND}


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
    "/reports/{report_id}.xlsx",
    operation_id="read_report_workbook",
    summary="报表（工作簿） | A report as a workbook",
    responses=_file(workbooks.MEDIA_TYPE),
    response_class=Response,
)
async def read_report_workbook(
    report_id: UUID, request: Request, session: Session, _: Anyone
) -> Response:
    """数据、走势、分组、所用工作日各一张表，附图和各列含义；中英文表头。

    ---
    A sheet each of units, trend, groups and working days used, with charts and what each column
    means, under heads in both languages.
    """
    report = await service.find_report(session, report_id)
    content = reporting.read_bytes(report.body)
    file = await asyncio.to_thread(workbook.made, content, report.sha256, report.frozen_at)
    headers = {
        **views.frozen_headers(report, "xlsx"),
        "Content-Disposition": f'attachment; filename="report-{report.as_of}.xlsx"',
    }
    sent = Response(file, media_type=workbooks.MEDIA_TYPE, headers=headers)
    return unless_known(sent, request.headers.get("if-none-match"))


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
    status = (await service.statuses(session, [report]))[report_id]
    html = printing.report_page(report, reporting.read_bytes(report.body), status)
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
    group: Grouped,
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
    counted = await service.count_rows(session, report, unit=unit, column=column, group=group)
    content = reporting.read_bytes(report.body)
    figure = printing.Figure(content, unit, column, number, group, counted)
    rows = await service.report_rows(
        session,
        report,
        unit=unit,
        column=column,
        group=group,
        offset=figure.offset,
        limit=printing.ROWS_A_PAGE,
    )
    status = (await service.statuses(session, [report]))[report_id]
    html = printing.rows_page(report, figure, rows, status)
    return views.page(html, request)
