"""Subscriptions of the schedules."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.schedules import service
from services.appointments.schedules.contracts import CalendarChanged
from shared.database import calendar_days
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def learn_calendar(session: AsyncSession, envelope: Envelope[CalendarChanged]) -> None:
    """A year becomes known: it gets its slots. Days that turned into rest days are for staff:
    `propose` without changes names the slots that would go."""
    notice = envelope.data
    await calendar_days.learn(
        session,
        region=notice.region,
        year=notice.year,
        version=notice.version,
        notice=notice.notice,
        rest_days=notice.rest_days,
        working_weekends=notice.working_weekends,
    )
    await service.extend(session, envelope.time)


subscriptions = [Subscription("appointments-calendar", CalendarChanged, learn_calendar)]
