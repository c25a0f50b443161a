"""Audits and the reports they freeze: composed, recomputed, opened to their duties, withdrawn."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.rules.judging import RULE_VERSION
from services.projects.calendar import service as calendars
from services.projects.evidence import service as evidence
from services.projects.evidence.rules import merkle_root
from services.projects.reports import queries
from services.projects.reports.events import ReportFrozen, ReportWithdrawn
from services.projects.reports.models import Audit, Report, ReportWithdrawal
from services.projects.reports.rules import report as reporting
from services.projects.reports.rules.report import Counted
from shared import clock
from shared.database.deciding import DecidingSession
from shared.errors import Invalid, NotFound, Text
from shared.ids import new_id
from shared.messaging import outbox
from shared.security import audit_log
from shared.web.pagination import PageRequest
from shared.workflow import refuse

WORST_SHOWN = 10
"""So many of the worst duties stand at the head of a report."""

_NOTHING = Text(
    "这一天还没有任何公开义务，无可监察，请换一个日期",
    "There was nothing to publish yet on that day; please choose a later one",
)
_WITHDRAWN_ALREADY = Text("这份报表已经撤回", "This report is withdrawn already")
_AHEAD = Text("不能监察将来的日期", "A day that has not come cannot be audited")


async def audit(
    session: AsyncSession,
    audit_id: UUID,
    as_of: date | None,
    now: datetime,
    *,
    actor: str,
    city: Text,
) -> Audit:
    """Judge every duty as of today and freeze the report.

    A past day is judged by when things happened, also what became known later, and moves no
    verdict of today. Raises Invalid for a day that has not come or on which there was nothing to
    judge, and AuditRunning where others judge for too long.
    """
    day = clock.today(now)
    if as_of is not None and as_of > day:
        raise Invalid(_AHEAD, pointer="/body/as_of")
    await auditing.wait_turn(session, audit_id)
    past = as_of is not None and as_of < day
    changed = 0 if past else await auditing.judge_all(session, now, actor=actor)
    report, judged = await _freeze(session, as_of or day, now, city, is_past=past)
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


async def _freeze(
    session: AsyncSession, as_of: date, now: datetime, city: Text, *, is_past: bool
) -> tuple[Report, int]:
    """The report of that day, frozen, and how many duties it counts. Raises Invalid for none."""
    report_id, marks = new_id(), await queries.marks(session)
    inputs = await _inputs(session, as_of, marks.catalogue_version)
    if is_past:
        counts = await _judge_as_of(session, report_id, as_of, inputs)
    else:
        counts = await queries.counts(session)
    at = clock.day_start(as_of + timedelta(days=1)) if is_past else now
    inputs |= await _head(session, as_of, at, city, report_id if is_past else None)
    inputs["title"] |= await _number(session, now)
    inputs["in_dispute"] = await queries.in_dispute(session, at)
    inputs["captures_root"] = await evidence.root_as_of(session, now)
    root = await _root(session, marks.last_fact, inputs)
    content = reporting.compose(as_of, inputs, counts, root)
    body = reporting.to_bytes(content)
    report = Report(
        id=report_id,
        as_of=as_of,
        frozen_at=now,
        last_verdict_event=marks.last_event,
        last_fact=marks.last_fact,
        inputs=inputs,
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    session.add(report)
    await session.flush()
    frozen = ReportFrozen(
        report_id=report.id,
        as_of=as_of,
        sha256=report.sha256,
        evidence_root=content["evidence_root"],
        frozen_at=now,
    )
    await outbox.record(session, frozen, subject=str(report.id))
    return report, sum(row.n for row in counts)


async def _judge_as_of(
    session: AsyncSession, report_id: UUID, as_of: date, inputs: dict[str, Any]
) -> list[Counted]:
    """What is counted of a past day; `inputs` gets what the report says of it."""
    await auditing.judge_as_of(session, report_id, as_of)
    counts = await queries.counts_as_of(session, report_id)
    if not counts:
        raise Invalid(_NOTHING, pointer="/body/as_of")
    known_at = await queries.known_at(session, report_id)
    inputs["is_past"], inputs["known_at"] = True, known_at and known_at.isoformat()
    return counts


async def _head(
    session: AsyncSession, as_of: date, at: datetime, city: Text, past_report: UUID | None
) -> dict[str, Any]:
    """What stands at the head of a report: its title, the worst of its duties, the last report."""
    about = await queries.about(session, as_of)
    worst = await queries.worst(session, as_of, at, past_report, WORST_SHOWN)
    last = await queries.last_report(session, as_of)
    return {
        "title": {
            "city": city.zh,
            "city_en": city.en,
            "fields": about.fields or [],
            "from": about.first_on and about.first_on.isoformat(),
            "to": as_of.isoformat(),
        },
        "worst": [reporting.worst_duty(duty) for duty in worst],
        "last": last and reporting.as_last(last.id, last.as_of, reporting.read_bytes(last.body)),
    }


async def _number(session: AsyncSession, now: datetime) -> dict[str, int]:
    year = clock.today(now).year
    return {"year": year, "serial": await queries.serial(session, year)}


async def _inputs(session: AsyncSession, as_of: date, catalogue_version: int) -> dict[str, Any]:
    scheme = await queries.scheme(session, as_of)
    return {
        "units": [unit._asdict() for unit in await queries.units(session, as_of)],
        "weights": scheme.weights,
        "columns": reporting.columns(),
        "has_unit_codes": True,
        "versions": {
            "calendar": await calendars.newest_version(session),
            "catalogue": catalogue_version,
            "rule": RULE_VERSION,
            "scheme": scheme.version,
        },
    }


async def _root(session: AsyncSession, last_fact: int, inputs: dict[str, Any]) -> str:
    """One root over all facts up to `last_fact` and all captures up to the report."""
    facts = merkle_root(await queries.fact_hashes(session, last_fact))
    return merkle_root([facts, inputs["captures_root"]])


class RulesChanged(Exception):
    """A report by another version of the rules stands as it was frozen: it is not composed anew,
    and its rows are those of the history, grouped as they were.
    """


async def recompute(session: AsyncSession, report: Report) -> bytes:
    """The report's bytes again, from the history of verdicts and the facts up to its freezing.

    Raises RulesChanged.
    """
    if report.inputs["versions"]["rule"] != RULE_VERSION:
        raise RulesChanged
    if report.inputs.get("is_past"):
        counts = await queries.counts_as_of(session, report.id)
    else:
        counts = await queries.counts_at(session, report.last_verdict_event)
    root = await _root(session, report.last_fact, report.inputs)
    return reporting.to_bytes(reporting.compose(report.as_of, report.inputs, counts, root))


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


async def list_reports(session: AsyncSession, paging: PageRequest, limit: int) -> Sequence[Report]:
    """Frozen reports, the newest first."""
    after = paging.key(datetime, UUID)
    return await queries.reports(session, (after[0], after[1]) if after else None, limit)


async def report_rows(
    session: AsyncSession,
    report: Report,
    *,
    unit: str | None,
    column: str | None,
    limit: int,
    after: UUID | None = None,
    offset: int = 0,
) -> Sequence[queries.ReportedDuty]:
    """The duties behind a figure of a report; `column` is a key of `reporting.VERDICTS`."""
    columns = report.inputs.get("columns") or reporting.columns()
    verdicts = None if column is None else columns[column]
    return await queries.rows_at(
        session,
        report,
        unit=unit,
        verdicts=verdicts,
        after=after,
        offset=offset,
        limit=limit,
    )


async def withdraw(
    session: DecidingSession, report_id: UUID, reason: str, now: datetime, *, actor: str
) -> tuple[Report, ReportWithdrawal]:
    """Take a frozen report back, for a reason that everybody reads; its bytes stay.

    Raises NotFound; where it is withdrawn already, the withdrawal's key refuses with StateConflict.
    """
    report = await find_report(session, report_id)
    withdrawal = ReportWithdrawal(
        report_id=report_id, reason=reason, withdrawn_at=now, withdrawn_by=actor
    )
    queries.add_withdrawal(session, withdrawal, _withdrawn_already)
    event = ReportWithdrawn(
        report_id=report_id, as_of=report.as_of, reason=reason, withdrawn_at=now
    )
    await outbox.record(session, event, subject=str(report_id))
    await audit_log.write(session, actor, "report.withdrawn", f"report:{report_id}", now)
    return report, withdrawal


def _withdrawn_already() -> NoReturn:
    refuse("withdrawn", 1, _WITHDRAWN_ALREADY)


async def withdrawals(
    session: AsyncSession, reports: Sequence[Report]
) -> dict[UUID, ReportWithdrawal]:
    """Which of these reports were withdrawn, and why."""
    return await queries.withdrawals(session, [report.id for report in reports])
