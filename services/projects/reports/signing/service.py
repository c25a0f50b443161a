"""What becomes of a frozen report: another person signs it, or it is withdrawn, a signed one by two
persons. Its bytes stay."""

from datetime import datetime
from typing import NoReturn
from uuid import UUID

from services.projects.duties.rules import own_units
from services.projects.reports.events import ReportWithdrawn, ScorePublished
from services.projects.reports.models import (
    Report,
    ReportSignature,
    ReportStep,
    ReportStepKind,
    ReportWithdrawal,
)
from services.projects.reports.rules import report as reporting
from services.projects.reports.service import find_report
from services.projects.reports.signing import queries
from services.projects.reports.signing.queries import ReportStatus
from shared import clock
from shared.database.deciding import DecidingSession
from shared.errors import FourEyes, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.workflow import refuse

_WITHDRAWN_ALREADY = Text("这份报表已经撤回", "This report is withdrawn already")
_SIGNED_ALREADY = Text("这份报表已经签发", "This report is signed already")
_OWN = Text(
    "报表须由出报表的人以外的监察人员签发，请交由另一位同事",
    "An auditor other than the one who made the report signs it; please let a colleague do so",
)
_SCORED = Text(
    "报表给您所在的公开主体评了分，请交由其他监察人员办理",
    "This report scores a unit that you belong to; please let another auditor do this",
)
_PROPOSED = Text(
    "已签发的报表由您提议撤回，须由另一位监察人员确认",
    "You proposed to withdraw this signed report; another auditor has to confirm it",
)


async def sign(
    session: DecidingSession, report_id: UUID, now: datetime, caller: Caller
) -> tuple[Report, ReportStatus]:
    """Sign a report that another person made: it gets the next number of the year, and its scores
    are published.

    Raises NotFound, FourEyes for who made it or belongs to a unit that it scores, or StateConflict
    if it is signed or withdrawn.
    """
    report = await find_report(session, report_id)
    year = clock.today(now).year
    found = await queries.signing(session, report_id, year)
    if found.is_withdrawn:
        _withdrawn_already()
    if found.is_signed:
        _signed_already()
    if found.made_by == caller.sub:
        raise FourEyes(_OWN)
    _ensure_not_scored(report, caller)
    signature = ReportSignature(
        report_id=report_id,
        year=year,
        serial=found.serial,
        made_by=found.made_by,
        signed_at=now,
        signed_by=caller.sub,
    )
    queries.add_signature(session, signature, _signed_already)
    queries.add_step(session, _step(report, 1, ReportStepKind.SIGNED, now, caller))
    await _publish(session, report, signature)
    details, where = {"sha256": report.sha256}, f"report:{report_id}"
    await audit_log.write(session, caller.sub, "report.signed", where, now, details)
    return report, ReportStatus(None, signature)


def _ensure_not_scored(report: Report, caller: Caller) -> None:
    """Nobody has a say about the scores of their own unit. Raises FourEyes."""
    own = set(own_units(caller))
    scored = {str(line["unit"]) for line in reporting.read_bytes(report.body)["units"]}
    if own & (scored | {"*"}):
        raise FourEyes(_SCORED)


def _step(
    report: Report,
    place: int,
    kind: ReportStepKind,
    now: datetime,
    caller: Caller,
    reason: str | None = None,
) -> ReportStep:
    return ReportStep(
        report_id=report.id, place=place, kind=kind, reason=reason, at=now, by=caller.sub
    )


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
    session: DecidingSession, report_id: UUID, reason: str, now: datetime, caller: Caller
) -> tuple[Report, ReportStatus]:
    """Take a frozen report back, for a reason that everybody reads. Of one that is signed the first
    who does so only proposes it, and it counts until another person has done so too.

    Raises NotFound, StateConflict where it is withdrawn already, or FourEyes: of a signed one for
    who has proposed it, and for who belongs to a unit that it scores.
    """
    report = await find_report(session, report_id)
    status = (await queries.statuses(session, [report_id]))[report_id]
    if status.withdrawal is not None:
        _withdrawn_already()
    if status.signature is not None:
        _ensure_not_scored(report, caller)
        if status.proposal is None:
            return report, await _propose(session, report, status, reason, now, caller)
        if status.proposal.by == caller.sub:
            raise FourEyes(_PROPOSED)
    kind, place = ReportStepKind.WITHDRAWN, status.next_place
    queries.add_step(session, _step(report, place, kind, now, caller, reason))
    withdrawal = ReportWithdrawal(
        report_id=report_id, reason=reason, withdrawn_at=now, withdrawn_by=caller.sub
    )
    queries.add_withdrawal(session, withdrawal, _withdrawn_already)
    event = ReportWithdrawn(
        report_id=report_id, as_of=report.as_of, reason=reason, withdrawn_at=now
    )
    await outbox.record(session, event, subject=str(report_id))
    await audit_log.write(session, caller.sub, "report.withdrawn", f"report:{report_id}", now)
    return report, status._replace(withdrawal=withdrawal)


async def _propose(
    session: DecidingSession,
    report: Report,
    status: ReportStatus,
    reason: str,
    now: datetime,
    caller: Caller,
) -> ReportStatus:
    kind = ReportStepKind.WITHDRAWAL_PROPOSED
    proposal = _step(report, status.next_place, kind, now, caller, reason)
    queries.add_step(session, proposal)
    where = f"report:{report.id}"
    await audit_log.write(session, caller.sub, "report.withdrawal_proposed", where, now)
    return status._replace(proposal=proposal)


def _withdrawn_already() -> NoReturn:
    refuse("withdrawn", 1, _WITHDRAWN_ALREADY)


def _signed_already() -> NoReturn:
    refuse("signed", 1, _SIGNED_ALREADY)
