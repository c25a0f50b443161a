"""Judging duties: those that changed, those that fall due, all of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import queries
from services.projects.auditing.events import DutyDueSoon, DutyJudged, DutyOverdue
from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import turns
from services.projects.auditing.rules.basis import Basis, DueRange, facts_of
from services.projects.auditing.rules.judging import RULE_VERSION, is_blamed
from services.projects.calendar.models import NATIONAL
from shared import clock
from shared.messaging import outbox
from shared.messaging.outbox import Addressed

log = structlog.get_logger()


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


async def judge_whole(session: AsyncSession, now: datetime) -> int:
    """Judge every duty, also what nothing that happened has moved, such as a migration.

    It reads all standings and writes those that are off; put off while others judge for long.
    """
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        return 0
    return await _judge(session, "all", now, "audit-whole")


async def blamed(session: AsyncSession, duties: Sequence[UUID], now: datetime) -> set[UUID]:
    """Those of the duties that are late, or too early, by what is published of them now; of those
    that a ruling holds, those that would be without it.
    """
    found = await queries.standings(session, duties)
    if not found:
        return set()
    numbers = await queries.today(session, NATIONAL, clock.today(now))
    # Without a walk: what is published is asked about, not what is absent.
    basis = Basis(0, *numbers, walked_at=None, walked_ord=None, walked_day=None)
    days = {by_days: basis.day(by_days=by_days) for by_days in (False, True)}
    return {one.duty_id for one in found if is_blamed(facts_of(one), days[one.calendar_days])}


async def to_judge_without(session: AsyncSession, limit: int) -> list[UUID]:
    """Some duties that are still judged by an absence that was set aside."""
    return await queries.to_judge_without(session, limit)


async def note_judged_without(session: AsyncSession, duties: Sequence[UUID]) -> None:
    """These duties are judged without what was set aside."""
    await queries.note_judged_without(session, duties)


async def hand_over(
    session: AsyncSession, unit_code: str, successor_code: str, now: datetime, *, actor: str
) -> list[UUID]:
    """What the unit has not published is another one's from now on; the duties that moved.

    Who calls has the turn. A line of the history says so, and those before it stay.
    """
    as_of = clock.today(now)
    day = await queries.today(session, NATIONAL, as_of)
    return await queries.hand_over(
        session,
        unit=unit_code,
        into=successor_code,
        as_of=as_of,
        calendar_version=day.calendar_version,
        actor=actor,
        now=now,
    )


async def prove_tallies(session: AsyncSession, now: datetime) -> int:
    """Count all duties and compare with the roll-up; what differs is set right and logged."""
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        return 0
    wrong = await queries.prove_tallies(session)
    for row in wrong:
        log.error("tally_was_wrong", **row._asdict())
    return len(wrong)


async def take_turn(session: AsyncSession) -> None:
    """Wait for the turn to record facts and verdicts, which are ordered by their ids.

    A session that decides takes it when its statement is written: what it reads before is to be
    guarded by versions (`deciding.py`).
    """
    await queries.take_turn(session)


async def wait_turn(session: AsyncSession, audit_id: UUID) -> None:
    """Wait for the turn with patience, and sign it. Raises AuditRunning where others kept it."""
    if not await queries.wait_turn(session, turns.PATIENCE_SECONDS):
        raise turns.AuditRunning(await queries.running(session))
    await queries.sign(session, audit_id)


async def judge_as_of(
    session: AsyncSession, report_id: UUID, as_of: date, due: DueRange | None = None
) -> None:
    """Judge every duty of a past day by when things happened, for the report of that id; with
    `due` those alone that fell due then. What stands today stays as it is.
    """
    day = await queries.today(session, NATIONAL, as_of)
    walks = await queries.walks(session, NATIONAL, day.last_ord)
    before = clock.day_start(as_of + timedelta(days=1))
    within = due._asdict() if due else dict.fromkeys(DueRange._fields)
    numbers = {**day._asdict(), **walks._asdict(), **within, "as_of": as_of}
    await queries.judge_as_of(session, report_id, before, **numbers)


async def _judge(session: AsyncSession, scope: str, now: datetime, actor: str, **given: Any) -> int:
    await queries.take_turn(session)
    as_of = clock.today(now)
    day = await queries.today(session, NATIONAL, as_of)
    walks = await queries.walks(session, NATIONAL, day.last_ord)
    who_when = {"region": NATIONAL, "as_of": as_of, "now": now, "actor": actor}
    values: dict[str, Any] = {**day._asdict(), **walks._asdict(), **who_when, **given}
    moved = await queries.judge(session, scope, **values)
    events = [each for row in moved for each in events_of(row, as_of, now, day.calendar_version)]
    await outbox.record_many(session, events)
    return len(moved)


def events_of(
    row: queries.MovedVerdict, as_of: date, now: datetime, calendar_version: int
) -> Iterator[Addressed]:
    """What is published of a verdict that moved."""
    scope, subject = row.unit_code, str(row.duty_id)
    columns = row._asdict()
    is_over = row.to_verdict in (Verdict.LATE, Verdict.OVERDUE)
    judged = DutyJudged(
        **_fields(columns, "duty_id", "unit_code", "project_code", "subject", "item_code"),
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
