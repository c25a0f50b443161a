"""Audits and the reports they freeze: composed, recomputed, opened to their duties, withdrawn."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.rules.judging import RULE_VERSION
from services.projects.reports import queries
from services.projects.reports.freezing import freeze
from services.projects.reports.models import Audit, PeriodKind, Report
from services.projects.reports.periods import queries as frozen
from services.projects.reports.periods.queries import FrozenMoment, Opened
from services.projects.reports.rules import periods
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.period_report import Group
from services.projects.reports.schemas import AuditOrder
from services.projects.reports.signing import queries as signing
from services.projects.reports.signing.queries import ReportStatus
from shared import clock
from shared.errors import Invalid, NotFound, Text
from shared.ids import new_id
from shared.security import audit_log
from shared.web.pagination import PageRequest

_DAY_HAS_NO_GROUPS = Text(
    "某一天的报表只能按单位和结论点开；按项目、事项、阶段、地区、可信度点开的是各期报表",
    "A report of a day opens by unit and verdict; those of periods open by project, item, phase,"
    " region and trust as well",
)
_AHEAD = Text("不能监察将来的日期", "A day that has not come cannot be audited")


async def audit(
    session: AsyncSession,
    audit_id: UUID,
    order: AuditOrder,
    now: datetime,
    *,
    actor: str,
    city: Text,
) -> Audit:
    """Judge every duty as of today and freeze the report of that day, or of a period.

    A past day is judged by when things happened, also what became known later, and moves no
    verdict of today. Raises Invalid for a day that has not come or on which there was nothing to
    judge, and AuditRunning where others judge for too long.
    """
    day, as_of = clock.today(now), order.as_of
    if as_of is not None and as_of > day:
        raise Invalid(_AHEAD, pointer="/body/as_of")
    period = periods.asked_for(order, day)
    await auditing.wait_turn(session, audit_id)
    past = as_of is not None and as_of < day
    changed = 0 if past else await auditing.judge_all(session, now, actor=actor)
    at = clock.day_start(as_of + timedelta(days=1)) if past and as_of else now
    moment = FrozenMoment(new_id(), as_of or day, at, past)
    report, judged = await freeze(session, moment, now, city, period)
    await _note(session, report, now, actor)
    done = Audit(
        id=audit_id,
        as_of=report.as_of,
        judged=judged,
        changed=changed,
        calendar_version=report.inputs["versions"]["calendar"],
        rule_version=RULE_VERSION,
        started_at=now,
        report_id=report.id,
        ordered_by=actor,
    )
    session.add(done)
    await session.flush()
    return done


async def _note(session: AsyncSession, report: Report, now: datetime, actor: str) -> None:
    """Its hash stands in the chain of the audit log, which who can write its row cannot write."""
    details, where = {"sha256": report.sha256}, f"report:{report.id}"
    await audit_log.write(session, actor, "report.frozen", where, now, details)


async def scheme(session: AsyncSession, on: date) -> queries.Scheme:
    """The schemes by which a report of that day is scored."""
    return await queries.scheme(session, on)


async def find_report(session: AsyncSession, report_id: UUID) -> Report:
    """Raises NotFound."""
    report = await session.get(Report, report_id)
    if report is None:
        raise NotFound
    return report


async def find_audit(session: AsyncSession, audit_id: UUID) -> Audit:
    """Raises NotFound."""
    done = await session.get(Audit, audit_id)
    if done is None:
        raise NotFound
    return done


async def list_reports(
    session: AsyncSession, paging: PageRequest, limit: int, kind: PeriodKind | None = None
) -> Sequence[Report]:
    """Frozen reports, the newest first; of one kind of period, if that is asked for."""
    after = paging.key(datetime, UUID)
    return await queries.reports(session, (after[0], after[1]) if after else None, limit, kind)


async def report_rows(
    session: AsyncSession,
    report: Report,
    *,
    unit: str | None,
    column: str | None,
    limit: int,
    group: Group | None = None,
    after: UUID | None = None,
    offset: int = 0,
) -> Sequence[queries.ReportedDuty]:
    """The duties behind a figure of a report; `column` is a key of `reporting.VERDICTS`, `group`
    narrows a report of a period. Raises Invalid where a report of a day is asked for a group.
    """
    verdicts = _verdicts(report, column)
    if report.period_kind is not PeriodKind.DAY:
        opened = Opened(unit, verdicts, group or Group())
        return await frozen.rows(session, report, opened, after=after, offset=offset, limit=limit)
    for name, code in (group._asdict() if group else {}).items():
        if code is not None:
            raise Invalid(_DAY_HAS_NO_GROUPS, pointer=f"/query/{name}")
    return await queries.rows_at(
        session, report, unit=unit, verdicts=verdicts, after=after, offset=offset, limit=limit
    )


async def count_rows(
    session: AsyncSession, report: Report, *, unit: str | None, column: str | None, group: Group
) -> int | None:
    """How many they are; None of a report of a day, whose lines say so themselves."""
    if report.period_kind is PeriodKind.DAY:
        return None
    return await frozen.count(session, report, Opened(unit, _verdicts(report, column), group))


def _verdicts(report: Report, column: str | None) -> list[str] | None:
    columns = report.inputs.get("columns") or reporting.columns()
    return None if column is None else columns[column]


async def statuses(session: AsyncSession, reports: Sequence[Report]) -> dict[UUID, ReportStatus]:
    """What became of these reports: withdrawn, signed, or neither."""
    return await signing.statuses(session, [report.id for report in reports])
