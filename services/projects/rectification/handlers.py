from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties.contracts import CalendarMoved
from services.projects.rectification import terms
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def count_terms(session: AsyncSession, envelope: Envelope[CalendarMoved]) -> None:
    """A notice was loaded or corrected: the last days of open orders are counted anew."""
    await terms.count_anew(session, envelope.data.region, clock.now())


subscriptions = [
    Subscription(name="projects-rectification-terms", event=CalendarMoved, handle=count_terms)
]
