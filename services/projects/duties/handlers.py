from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import recounting
from services.projects.duties.contracts import CalendarMoved
from shared.clock import now
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def judge_anew(session: AsyncSession, envelope: Envelope[CalendarMoved]) -> None:
    """A notice was loaded: what was calendar_unknown gets its verdict."""
    await recounting.recount(session, envelope.data.region, envelope.data.year, now())


subscriptions = [Subscription(name="projects-judge-anew", event=CalendarMoved, handle=judge_anew)]
