"""What follows without anybody doing it: proof closes an order, a finding that no longer counts
lifts it, and one that is left alone rises until it becomes a supervision order."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import service as calendars
from services.projects.duties import service as duties
from services.projects.duties.models import PublicationFact
from services.projects.rectification import policies, queries, rules, service
from services.projects.rectification.events import RectificationEscalated
from services.projects.rectification.models import HIGHEST_LEVEL, RectificationSweep
from services.projects.rectification.queries import RectificationRow
from services.projects.rectification.workflow import WORKFLOW
from shared import clock
from shared.database import versioned

WATCH = "rectification-watch"
BATCH = 200


async def settle(session: AsyncSession, now: datetime) -> int:
    """Look at some open orders of whose duty something has changed; how many were looked at."""
    found = await queries.unsettled(session, BATCH)
    facts = await duties.facts_of(session, [row.order.duty_id for row in found])
    for row in found:
        order = row.order
        known = facts.get(order.duty_id, ())
        proof = rules.proof_of(order.cause, order.missing_elements, order.issued_at, known)
        if proof is not None:
            await _end(session, row, RectificationSweep.PROVE, now, proof)
        elif rules.is_lifted(row.verdict, row.hold):
            await _end(session, row, RectificationSweep.LIFT, now)
    await queries.note_looked_at(session, found)
    return len(found)


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Raise some orders that were left alone, or have them supervised; how many."""
    today = clock.today(now)
    found = await queries.left_alone(session, today, rules.FAULTS, BATCH)
    if not found:
        return 0
    calendar, policy = await calendars.load(session), await policies.in_force(session)
    days = policy.further_days
    due_on = rules.due_on(today, days, calendar)
    for row in found:
        if row.order.level < HIGHEST_LEVEL:
            term = {"term_from": today, "term_days": days, "due_on": due_on}
            raised = {"level": row.order.level + 1, **term}
            await _take(session, row, RectificationSweep.RAISE, raised, now)
        else:
            row = await _take(session, row, RectificationSweep.ESCALATE, {"escalated_at": now}, now)
            await service.publish(
                session,
                row,
                RectificationEscalated,
                now,
                unit_name=row.unit_name,
                project_name=row.project_name,
                item_name=row.item_name,
            )
    return len(found)


async def _end(
    session: AsyncSession,
    row: RectificationRow,
    sweep: RectificationSweep,
    now: datetime,
    proof: PublicationFact | None = None,
) -> None:
    move = WORKFLOW[row.order.state, sweep]
    row = await _take(session, row, sweep, service.ended(move, now, WATCH, proof), now)
    await service.publish_end(session, service.with_proof(row, proof), now)


async def _take(
    session: AsyncSession,
    row: RectificationRow,
    sweep: RectificationSweep,
    changes: dict[str, Any],
    now: datetime,
) -> RectificationRow:
    """The order is locked, so that it is as it was read."""
    move = WORKFLOW[row.order.state, sweep]
    order = await versioned.swap(session, row.order, {"state": move.to, **changes})
    row = row._replace(order=order)
    await service.note(session, row, move.step, now, WATCH)
    return row
