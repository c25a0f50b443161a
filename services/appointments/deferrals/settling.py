"""What time does to promises: a reminder the working day before the last, and the end after it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.deferrals import queries
from services.appointments.deferrals.models import Deferral
from services.appointments.deferrals.publishing import of_change
from services.appointments.deferrals.workflow import WORKFLOW, DeferralAction
from shared import clock
from shared.database.versioned import swap
from shared.messaging import outbox

BATCH = 100


async def remind(session: AsyncSession, now: datetime) -> int:
    """Returns of how many promises the person is to be reminded now."""
    found = await queries.to_remind(session, clock.today(now), BATCH)
    return await _all(session, found, DeferralAction.REMIND, reminded_at=now)


async def lapse(session: AsyncSession, now: datetime) -> int:
    """Returns how many promises ended unkept: the matter counts as not taken up."""
    found = await queries.due(session, clock.today(now), BATCH)
    return await _all(session, found, DeferralAction.LAPSE, settled_at=now)


async def _all(
    session: AsyncSession, found: Sequence[Deferral], action: DeferralAction, **values: Any
) -> int:
    for seen in found:
        row = WORKFLOW[seen.state, action]
        done = await swap(session, seen, {"state": row.to, **values})
        event = of_change(row.event, done)
        await outbox.record(session, event.event, scope=event.scope, subject=event.subject)
    return len(found)
