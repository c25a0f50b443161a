"""What becomes of a frozen report: another person signs it, or it is withdrawn. Its bytes stay."""

from datetime import datetime
from typing import NoReturn
from uuid import UUID

from services.projects.reports import queries
from services.projects.reports.events import ReportWithdrawn, ScorePublished
from services.projects.reports.models import Report, ReportSignature, ReportWithdrawal
from services.projects.reports.queries import ReportStatus
from services.projects.reports.rules import report as reporting
from services.projects.reports.service import find_report
from shared import clock
from shared.database.deciding import DecidingSession
from shared.errors import FourEyes, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.workflow import refuse

_WITHDRAWN_ALREADY = Text("这份报表已经撤回", "This report is withdrawn already")
_SIGNED_ALREADY = Text("这份报表已经签发", "This report is signed already")
_OWN = Text(
    "报表须由出报表的人以外的监察人员签发，请交由另一位同事",
    "An auditor other than the one who made the report signs it; please let a colleague do so",
)


async def sign(
    session: DecidingSession, report_id: UUID, now: datetime, *, actor: str
) -> tuple[Report, ReportStatus]:
    """Sign a report that another person made: it gets the next number of the year, and its scores
    are published.

    Raises NotFound, FourEyes for who made it, or StateConflict if it is signed or withdrawn.
    """
    report = await find_report(session, report_id)
    year = clock.today(now).year
    found = await queries.signing(session, report_id, year)
    if found.is_withdrawn:
        _withdrawn_already()
    if found.is_signed:
        _signed_already()
    if found.made_by == actor:
        raise FourEyes(_OWN)
    signature = ReportSignature(
        report_id=report_id,
        year=year,
        serial=found.serial,
        made_by=found.made_by,
        signed_at=now,
        signed_by=actor,
    )
    queries.add_signature(session, signature, _signed_already)
    await _publish(session, report, signature)
    await audit_log.write(session, actor, "report.signed", f"report:{report_id}", now)
    return report, ReportStatus(None, signature)


async def _publish(session: DecidingSession, report: Report, signature: ReportSignature) -> None:
    event = ScorePublished(
        report_id=report.id,
        year=signature.year,
        serial=signature.serial,
        period_kind=report.period_kind,
        from_on=report.from_on,
        to_on=report.to_on,
        as_of=report.as_of,
        units=len(reporting.read_bytes(report.body)["units"]),
        sha256=report.sha256,
        signed_at=signature.signed_at,
    )
    await outbox.record(session, event, subject=str(report.id))


async def withdraw(
    session: DecidingSession, report_id: UUID, reason: str, now: datetime, *, actor: str
) -> tuple[Report, ReportStatus]:
    """Take a frozen report back, for a reason that everybody reads, also one that is signed.

    Raises NotFound; where it is withdrawn already, the withdrawal's key refuses with StateConflict.
    """
    report = await find_report(session, report_id)
    status = (await queries.statuses(session, [report_id]))[report_id]
    withdrawal = ReportWithdrawal(
        report_id=report_id, reason=reason, withdrawn_at=now, withdrawn_by=actor
    )
    queries.add_withdrawal(session, withdrawal, _withdrawn_already)
    event = ReportWithdrawn(
        report_id=report_id, as_of=report.as_of, reason=reason, withdrawn_at=now
    )
    await outbox.record(session, event, subject=str(report_id))
    await audit_log.write(session, actor, "report.withdrawn", f"report:{report_id}", now)
    return report, status._replace(withdrawal=withdrawal)


def _withdrawn_already() -> NoReturn:
    refuse("withdrawn", 1, _WITHDRAWN_ALREADY)


def _signed_already() -> NoReturn:
    refuse("signed", 1, _SIGNED_ALREADY)
