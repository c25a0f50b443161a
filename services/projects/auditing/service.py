"""Judging duties, auditing, freezing reports."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import queries
from services.projects.auditing.events import DutyDueSoon, DutyJudged, DutyOverdue, ReportFrozen
from services.projects.auditing.models import Audit, Report, Verdict
from services.projects.auditing.rules import report as reporting
from services.projects.auditing.rules import turns
from services.projects.auditing.rules.judging import RULE_VERSION
from services.projects.calendar.models import NATIONAL
from services.projects.evidence import service as evidence
from services.projects.evidence.rules import merkle_root
from shared import clock
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.web.pagination import PageRequest

log = structlog.get_logger()

_AHEAD = Text("不能监察将来的日期", "A day that has not come cannot be audited")


async def judge_duties(
    session: AsyncSession, duties: Sequence[UUID], now: datetime, *, actor: str
) -> int:
    """Judge these duties, after something about them changed. Returns how many verdicts moved."""
    return await _judge(session, "duties", now, actor, chosen=list(duties))


async def judge_seen(
    session: AsyncSession, evidence: Sequence[Mapping[str, Any]], now: datetime, *, actor: str
) -> int:
    """Write what was seen of duties (their `duty_id` and every column of statement.EVIDENCE) and
    judge them. Returns how many verdicts moved.
    """
    rows = json.dumps(evidence, default=str)
    return await _judge(session, "seen", now, actor, evidence=rows)


async def judge_walked(
    session: AsyncSession, units: Sequence[str], now: datetime, *, actor: str
) -> int:
    """Judge what these units have not published, after their pages were read to the end.

    Returns how many verdicts moved.
    """
    return await _judge(session, "walked", now, actor, chosen=list(units))


async def judge_unproven(
    session: AsyncSession, units: Sequence[str], now: datetime, *, actor: str
) -> int:
    """Judge again what was overdue of units whose absence is proven no more.

    Returns how many verdicts moved.
    """
    shaken = await queries.overdue_units(session, units)
    return await judge_walked(session, shaken, now, actor=actor) if shaken else 0


async def judge_all(session: AsyncSession, now: datetime, *, actor: str) -> int:
    """Judge every duty. Returns how many verdicts moved."""
    return await _judge(session, "all", now, actor)


async def tick(session: AsyncSession, now: datetime) -> int:
    """Judge what falls due: only there does a day that passes move a verdict.

    Put off to the next time while others judge for long, as an audit does, which judges all.
    """
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        return 0
    return await _judge(session, "falling_due", now, "audit-tick")


async def prove_tallies(session: AsyncSession, now: datetime) -> int:
    """Count all duties and compare with the roll-up; what differs is set right and logged."""
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        return 0
    wrong = await queries.prove_tallies(session)
    for row in wrong:
        log.error("tally_was_wrong", **row._asdict())
    return len(wrong)


async def take_turn(session: AsyncSession) -> None:
    """Wait for the turn to record facts and verdicts, which are ordered by their ids."""
    await queries.take_turn(session)


async def _judge(session: AsyncSession, scope: str, now: datetime, actor: str, **given: Any) -> int:
    await queries.take_turn(session)
    as_of = clock.today(now)
    day = await queries.today(session, NATIONAL, as_of)
    walks = await queries.walks(session, NATIONAL, day.last_ord)
    who_when = {"region": NATIONAL, "as_of": as_of, "now": now, "actor": actor}
    values: dict[str, Any] = {**day._asdict(), **walks._asdict(), **who_when, **given}
    moved = await queries.judge(session, scope, **values)
    events = [each for row in moved for each in _events(row, as_of, now, day.calendar_version)]
    await outbox.record_many(session, events)
    return len(moved)


def _events(
    row: queries.MovedVerdict, as_of: date, now: datetime, calendar_version: int
) -> Iterator[Addressed]:
    """What is published of a verdict that moved."""
    scope, subject = row.unit_code, str(row.duty_id)
    columns = row._asdict()
    is_over = row.to_verdict in (Verdict.LATE, Verdict.OVERDUE)
    judged = DutyJudged(
        **_fields(columns, "duty_id", "unit_code", "project_code", "item_code"),
        from_verdict=row.from_verdict,
        verdict=row.to_verdict,
        reason=row.reason,
        over_by=row.over_by if is_over else None,
        due_on=row.due_on,
        as_of=as_of,
        rule_version=RULE_VERSION,
        calendar_version=calendar_version,
        judged_at=now,
    )
    yield Addressed(judged, scope, subject)
    named = _fields(columns, *DutyDueSoon.model_fields.keys() - {"judged_at"})
    if row.to_verdict == Verdict.DUE_SOON:
        yield Addressed(DutyDueSoon(**named, judged_at=now), scope, subject)
    if row.to_verdict == Verdict.OVERDUE:
        overdue = DutyOverdue(**named, over_by=row.over_by, judged_at=now)
        yield Addressed(overdue, scope, subject)


def _fields(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


async def audit(
    session: AsyncSession,
    audit_id: UUID,
    as_of: date | None,
    now: datetime,
    *,
    actor: str,
) -> Audit:
    """Judge every duty as of today and freeze the report; a past day is reported as judged then.

    Raises Invalid for a day that has not come, and AuditRunning where others judge for too long.
    """
    day = clock.today(now)
    if as_of is not None and as_of > day:
        raise Invalid(_AHEAD, pointer="/body/as_of")
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        raise turns.AuditRunning(await queries.running(session))
    await queries.sign(session, audit_id)
    past = as_of is not None and as_of < day
    changed = 0 if past else await judge_all(session, now, actor=actor)
    report, judged = await _freeze(session, as_of or day, now, past=past)
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
    session: AsyncSession, as_of: date, now: datetime, *, past: bool
) -> tuple[Report, int]:
    """The report of that day, frozen, and how many duties it counts."""
    before = clock.day_start(as_of + timedelta(days=1)) if past else None
    marks = await queries.marks(session, before)
    if past:
        counts = await queries.counts_at(session, marks.last_event)
    else:
        counts = await queries.counts(session)
    inputs = await _inputs(session, as_of, marks.catalogue_version)
    inputs["captures_root"] = await evidence.root_as_of(session, now)
    root = await _root(session, marks.last_fact, inputs)
    content = reporting.compose(as_of, inputs, counts, root)
    body = reporting.to_bytes(content)
    report = Report(
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


async def _inputs(session: AsyncSession, as_of: date, catalogue_version: int) -> dict[str, Any]:
    scheme = await queries.scheme(session, as_of)
    day = await queries.today(session, NATIONAL, as_of)
    return {
        "units": [unit._asdict() for unit in await queries.units(session, as_of)],
        "weights": scheme.weights,
        "versions": {
            "calendar": day.calendar_version,
            "catalogue": catalogue_version,
            "rule": RULE_VERSION,
            "scheme": scheme.version,
        },
    }


async def _root(session: AsyncSession, last_fact: int, inputs: dict[str, Any]) -> str:
    """One root over all facts up to `last_fact` and all captures up to the report."""
    facts = merkle_root(await queries.fact_hashes(session, last_fact))
    return merkle_root([facts, inputs["captures_root"]])


async def recompute(session: AsyncSession, report: Report) -> bytes:
    """The report's bytes again, from the history of verdicts and the facts up to its freezing."""
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
    after: UUID | None,
    limit: int,
) -> Sequence[queries.ReportedDuty]:
    """The duties behind a figure of a report; `column` is a key of `reporting.VERDICTS`."""
    verdicts = None if column is None else [str(v) for v in reporting.VERDICTS[column]]
    return await queries.rows_at(
        session, report.last_verdict_event, unit=unit, verdicts=verdicts, after=after, limit=limit
    )
