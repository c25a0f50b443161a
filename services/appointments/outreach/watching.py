"""What happens to requests of visits as time passes."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.outreach import queries, service
from services.appointments.outreach.events import OutreachVisitDelayed
from services.appointments.outreach.models import OutreachVisit
from shared.clock import today
from shared.database import calendar_days
from shared.database.versioned import swap
from shared.workdays import Workdays, in_office_hours, nth_after_or_guess


async def watch(session: AsyncSession, now: datetime) -> int:
    """Publish, once and in office hours, what the hall has not answered in time.

    The day is computed anew first, by whatever notice has come since. Returns how many were over.
    """
    calendar = await calendar_days.load(session)
    if not in_office_hours(now, calendar):
        return 0
    over, after = 0, None
    while found := await queries.unanswered(session, today(now), after):
        over, after = over + len(found), (found[-1].due_on, found[-1].id)
        for visit in found:
            await _publish_delay(session, visit, calendar, now)
    return over


async def _publish_delay(
    session: AsyncSession, visit: OutreachVisit, calendar: Workdays, now: datetime
) -> None:
    due = nth_after_or_guess(today(visit.requested_at), visit.decide_days, calendar)
    changes = {"due_on": due.on, "provisional": due.provisional}
    if due.on < today(now) and not due.provisional:
        visit = await swap(session, visit, {**changes, "late_at": now})
        await service.publish(session, visit, OutreachVisitDelayed, now)
    elif (visit.due_on, visit.provisional) != due:
        await swap(session, visit, changes)
