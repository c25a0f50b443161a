"""Clocks follow the newest edition of the calendar: when touched, when shown, and by a job.

A notice may concern every running clock, so learning it only raises the edition. A clock carries
the edition that it was computed by; whoever locks it computes it anew first, whoever only looks is
shown what it will become, and the job takes the others in bounded batches. A batch that is lost
leaves its clocks at the edition before, so that the next one finds them again.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.calendar.models import Calendar
from services.feedback.deadlines import history, queries, rules, workflow
from services.feedback.deadlines.events import DeadlineMoved
from services.feedback.deadlines.models import LIVE, Change, Deadline
from services.feedback.deadlines.queries import Clocks
from shared.database.engine import Sessions
from shared.messaging import outbox

BATCH = 1000
"""Clocks recomputed in one transaction: each of its statements stays far below its timeout."""


class Moved(NamedTuple):
    clock: Deadline
    due_on_before: date


async def recompute(sessions: Sessions, now: datetime) -> int:
    """Job: all clocks of earlier editions, batch by batch; returns how many."""
    total = 0
    while True:
        async with sessions() as session, session.begin():
            found = await queries.outdated(session, BATCH)
            await up_to_date(session, found, now)
        if not found:
            return total
        total += len(found)


async def up_to_date(session: AsyncSession, found: Clocks, now: datetime) -> list[Deadline]:
    """The clocks, locked before, by the newest edition; those that move are noted and published."""
    for days, clocks in await _outdated(session, found):
        before = [Moved(clock, clock.due_on) for clock in clocks]
        moved = [one for one in before if workflow.follow(one.clock, days, now)]
        await _publish(session, moved, days.notice, now)
    return [one.clock for one in found]


async def as_shown(session: AsyncSession, found: Clocks) -> list[Deadline]:
    """The clocks as the newest edition has them; nothing is written."""
    for days, clocks in await _outdated(session, found):
        for clock in clocks:
            due = rules.due_of(clock, days.days)
            set_committed_value(clock, "due_on", due.on)
            set_committed_value(clock, "due_at", due.at)
            set_committed_value(clock, "provisional", due.provisional)
    return [one.clock for one in found]


async def _outdated(
    session: AsyncSession, found: Clocks
) -> Iterable[tuple[Calendar, list[Deadline]]]:
    """Live clocks of earlier editions, by region, each with its region's calendar."""
    by_region: dict[str, list[Deadline]] = defaultdict(list)
    for clock, awaits_recomputing in found:
        if awaits_recomputing and clock.state in LIVE:
            by_region[clock.region].append(clock)
    return [(await calendar.load(session, region), of) for region, of in by_region.items()]


async def _publish(session: AsyncSession, moved: list[Moved], notice: str, now: datetime) -> None:
    await history.changed(
        session,
        [clock for clock, _ in moved],
        Change.RECOMPUTED,
        by="system",
        now=now,
        reason=notice[:200],
    )
    events = [_event(clock, before) for clock, before in moved]
    await outbox.record_many(
        session, [outbox.Addressed(e, e.department_code, str(e.subject_id)) for e in events]
    )


def _event(clock: Deadline, due_on_before: date) -> DeadlineMoved:
    return DeadlineMoved(
        deadline_id=clock.id,
        subject_kind=clock.subject_kind,
        subject_id=clock.subject_id,
        kind=clock.kind,
        department_code=clock.department_code,
        due_on_before=due_on_before,
        due_on=clock.due_on,
        provisional=clock.provisional,
    )
