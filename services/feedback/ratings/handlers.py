from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.ratings import service
from services.feedback.ratings.contracts import CaseFinished
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def invite(session: AsyncSession, envelope: Envelope[CaseFinished]) -> None:
    """A finished case opens one invitation to rate it."""
    await service.invite(session, envelope.data, clock.now())


subscriptions = [Subscription("feedback-invite", CaseFinished, invite)]
