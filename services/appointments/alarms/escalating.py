"""What happens to an alarm that nobody acknowledges, or ends."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.alarms import queries, service
from services.appointments.alarms.models import HIGHEST_LEVEL
from services.appointments.alarms.workflow import WORKFLOW, AlarmAction
from shared.database.versioned import swap

BATCH = 100


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Each goes a level higher, and again after as long; at the highest it stays open. Where it was
    acknowledged there already, that it has not ended is said once more.

    Returns how many.
    """
    found = await queries.overdue(session, now, BATCH)
    for alarm in found:
        row = WORKFLOW[alarm.state, AlarmAction.ESCALATE]
        level = min(alarm.level + 1, HIGHEST_LEVEL)
        again = row.escalates_at(alarm, now)
        next_at = again if level < HIGHEST_LEVEL else None
        changes = {"state": row.to, "level": level, "escalate_at": next_at}
        await service.publish(session, await swap(session, alarm, changes), row.event, now)
    return len(found)
