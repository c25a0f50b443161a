from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.disputes import service
from services.projects.duties.contracts import CalendarMoved
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def set_terms(session: AsyncSession, envelope: Envelope[CalendarMoved]) -> None:
    """A notice was loaded: disputes whose term was not known get their last day."""
    await service.set_terms(session, envelope.data.region)


subscriptions = [Subscription(name="projects-dispute-terms", event=CalendarMoved, handle=set_terms)]
