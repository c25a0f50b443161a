from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.ratings import service
from services.feedback.ratings.contracts import CaseFinished, FollowupAnswered
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def invite(session: AsyncSession, envelope: Envelope[CaseFinished]) -> None:
    """A finished case opens one invitation to rate it."""
    await service.invite(session, envelope.data, clock.now())


async def rectify_followup(session: AsyncSession, envelope: Envelope[FollowupAnswered]) -> None:
    """A bad answer of a follow-up opens its rectification, once."""
    await service.open_rectification(session, envelope.data, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("feedback-invite", CaseFinished, invite),
    Subscription("feedback-rectify-followup", FollowupAnswered, rectify_followup),
]
