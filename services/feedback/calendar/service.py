"""Learning a holiday notice, and the calendar together with the edition that it is of."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import queries
from services.feedback.calendar.contracts import CalendarChanged
from services.feedback.calendar.models import Calendar
from shared.database import calendar_days


async def learn_year(session: AsyncSession, notice: CalendarChanged, now: datetime) -> None:
    """Store the year and raise the edition; an older version of the notice changes nothing.

    What was computed by earlier editions is recomputed by whoever keeps it.
    """
    is_new = await calendar_days.learn(
        session,
        region=notice.region,
        year=notice.year,
        version=notice.version,
        notice=notice.notice,
        rest_days=notice.rest_days,
        working_weekends=notice.working_weekends,
    )
    if is_new:
        await queries.raise_edition(session, notice.region, notice.notice, now)


async def load(session: AsyncSession, region: str) -> Calendar:
    """The number is read before the days: a notice that comes in between is met again later."""
    found = await queries.edition(session, region)
    number, notice = (found.edition, found.notice) if found else (0, "")
    return Calendar(number, notice, await calendar_days.load(session, region))
