"""Learning a holiday notice, and the calendar together with the edition that it is of."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import queries
from services.feedback.calendar.contracts import CalendarChanged
from services.feedback.calendar.models import Calendar, Edition
from shared.cache import Cache
from shared.database import calendar_days
from shared.database.engine import memory_of
from shared.workdays import Workdays

CALENDARS_KEPT = 20


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


class _Calendars(Cache[tuple[str, Edition], Workdays]):
    """By the edition: the days change with it alone (`learn_year`)."""

    def __init__(self) -> None:
        super().__init__(most=CALENDARS_KEPT)


async def load(session: AsyncSession, region: str, edition: Edition) -> Calendar:
    """The edition was read before the days: a notice that comes in between is met again later."""
    kept = memory_of(session, _Calendars)
    days = kept.peek((region, edition))
    if days is None:
        days = await calendar_days.load(session, region)
        kept.put((region, edition), days)
    return Calendar(edition.number, edition.notice, days)
