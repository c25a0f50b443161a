"""Subscriptions of the consultations."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import watching
from services.appointments.schedules.contracts import CalendarChanged
from shared.database import calendar_days
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def follow_calendar(session: AsyncSession, envelope: Envelope[CalendarChanged]) -> None:
    """The days of consultations follow a year's notice. It is learnt here as well, for nobody
    knows which of this service's subscriptions hears of it first."""
    notice = envelope.data
    await calendar_days.learn(session, **notice.model_dump())
    await watching.recompute(session, envelope.time)


subscriptions = [Subscription("appointments-consultation-days", CalendarChanged, follow_calendar)]
