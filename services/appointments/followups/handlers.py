"""Subscriptions of the follow-ups."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.followups import service
from services.appointments.followups.contracts import RatingRectified
from services.appointments.queueing.events import CaseFinished
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def draw(session: AsyncSession, envelope: Envelope[CaseFinished]) -> None:
    """A finished case is drawn, or is not, by the policy of its hall."""
    await service.draw(session, envelope.data, clock.now())


async def note_rectified(session: AsyncSession, envelope: Envelope[RatingRectified]) -> None:
    """What a bad answer led to counts in the hall's results."""
    if envelope.data.followup_id is not None:
        await service.note_rectified(session, envelope.data.followup_id, envelope.data.at)


subscriptions: list[Subscription[Any]] = [
    Subscription("appointments-followup-draw", CaseFinished, draw),
    Subscription("appointments-followup-rectified", RatingRectified, note_rectified),
]
