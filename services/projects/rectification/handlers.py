from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties.contracts import CalendarMoved
from services.projects.rectification import service
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def count_terms(session: AsyncSession, envelope: Envelope[CalendarMoved]) -> None:
    """A notice was loaded or corrected: the last days of open orders are counted anew."""
    await service.count_terms(session, envelope.data.region)


subscriptions = [
    Subscription(name="projects-rectification-terms", event=CalendarMoved, handle=count_terms)
]
