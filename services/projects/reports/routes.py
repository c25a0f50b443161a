from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request, status

from services.projects.auditing.rules.turns import AuditRunning
from services.projects.register.models import UNIT_CODE
from services.projects.reports import service, views
from services.projects.reports.grouping import Grouped
from services.projects.reports.models import PeriodKind
from services.projects.reports.one_at_a_time import Alone
from services.projects.reports.rows import ReportRow
from services.projects.reports.schemas import (
    AuditOrder,
    AuditView,
    Column,
    ReportSummary,
    ReportView,
    WithdrawalOrder,
)
from services.projects.reports.signing import service as signing
from shared.errors import FourEyes, NotFound, StateConflict, Text, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow, public
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])
everyone = Router(tags=["citizen"])

Anyone = Annotated[Caller | None, public()]
_FOUND = problem_responses(NotFound)


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

    指定过去的日期，则按事情发生的时间判定那一天，不改变今天的结论。指定月、季、年或起始日期，则报表只计这一期到期的义务，
    并附近几期的走势、分组和公开所用的工作日。

    ---
    Judge every duty by today's calendar and evidence, and freeze the unit report. Audits ordered
    at the same time run one after the other, and each has a report of its own. A past day is judged
    by when things happened, and leaves the verdicts of today as they are. Of a month, a quarter, a
    year or since a day, the report counts what fell due in it, with the trend of the last periods,
    groups, and the working days used.
    """
    settings = request.state.settings
    city = Text(settings.city, settings.city_en)
    wanted = order or AuditOrder()
    done = await service.audit(session, audit_id, wanted, now, actor=caller.sub, city=city)
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
async def list_reports(
    session: Session,
    paging: Paging,
    _: Anyone,
    period_kind: Annotated[PeriodKind | None, Query()] = None,
) -> Page[ReportSummary]:
    """已冻结的监察报表，最新的在前；可只列月报、季报、年报。

    ---
    Frozen monitoring reports, the newest first; those of months, quarters or years alone, if asked.
    """
    rows = await service.list_reports(session, paging, paging.limit + 1, period_kind)
    statuses = await service.statuses(session, rows)
    return page(
        rows,
        paging,
        lambda r: (r.frozen_at, r.id),
        lambda r: views.summary_view(r, statuses[r.id]),
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
    group: Grouped,
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
        group=group,
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
async def read_report(report_id: UUID, session: Session, caller: Anyone) -> ReportView:
    """冻结的监察报表及其指纹。

    ---
    A frozen report with its fingerprint.
    """
    report = await service.find_report(session, report_id)
    statuses = await service.statuses(session, [report])
    return views.report_view(report, statuses[report_id], by=caller)


@router.post(
    "/reports/{report_id}/withdraw",
    operation_id="withdraw_report",
    summary="撤回报表 | Withdraw a report",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def withdraw_report(
    report_id: UUID,
    order: WithdrawalOrder,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> ReportView:
    """有误的报表注明理由后撤回，仍可查阅，但不再作数，也不再用来对比。已签发的由一人提议（`withdrawal_proposed`），
    另一位监察人员再撤回一次才算数。

    ---
    A report that is wrong is taken back with a reason: it can be read, no longer counts, and is
    compared with no more. One that is signed still counts while one person has proposed it
    (`withdrawal_proposed`), until another auditor does so too.
    """
    done = await signing.withdraw(session, report_id, order.reason, now, caller)
    return views.report_view(*done, by=caller)


@router.post(
    "/reports/{report_id}/sign",
    operation_id="sign_report",
    summary="签发报表 | Sign a report",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def sign_report(
    report_id: UUID, session: Deciding, now: Now, caller: Annotated[Caller, allow("auditor")]
) -> ReportView:
    """由出报表的人以外、不属于所评单位的监察人员签发，编签发号，一年一序；签发后各公开主体的得分即公布。

    ---
    By an auditor other than the one who made it, and of no unit that it scores. The report gets
    the next number of the year, and the scores of its units are published.
    """
    return views.report_view(*await signing.sign(session, report_id, now, caller), by=caller)
