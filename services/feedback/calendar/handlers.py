from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service
from services.feedback.calendar.contracts import CalendarChanged
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def learn_year(session: AsyncSession, envelope: Envelope[CalendarChanged]) -> None:
    """A year's notice becomes this service's calendar; running limits follow in a job of theirs."""
    await service.learn_year(session, envelope.data, clock.now())


subscriptions = [Subscription("feedback-calendar", CalendarChanged, learn_year)]
