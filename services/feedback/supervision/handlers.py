from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.supervision import rectifications, service
from services.feedback.supervision.contracts import (
    DutyOverdue,
    PublicationFound,
    RectificationClosed,
    RectificationEscalated,
)
from services.feedback.supervision.models import EndedRectification, PublicationProof
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def demand_publication(session: AsyncSession, envelope: Envelope[DutyOverdue]) -> None:
    """An overdue duty becomes an item of its department's supervision order of the day."""
    await service.demand_publication(session, envelope.data, clock.now())


async def accept_proof(session: AsyncSession, envelope: Envelope[PublicationFound]) -> None:
    """A found publication settles the item, and the event is kept as its evidence."""
    proof = PublicationProof(
        duty_id=envelope.data.duty_id,
        event_id=envelope.id,
        url=envelope.data.url,
        told_at=envelope.time,
    )
    await service.accept_proof(session, proof, clock.now())


async def demand_rectification(
    session: AsyncSession, envelope: Envelope[RectificationEscalated]
) -> None:
    """A unit left an order to put a disclosure right alone: it is supervised."""
    await rectifications.demand(session, envelope.data, clock.now())


async def end_rectification(session: AsyncSession, envelope: Envelope[RectificationClosed]) -> None:
    """What was escalated has ended, and the event is kept as its evidence."""
    closed = envelope.data
    if closed.was_escalated:
        ended = EndedRectification(
            rectification_id=closed.rectification_id, event_id=envelope.id, ended_at=closed.at
        )
        await rectifications.end(session, ended, closed.url, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("feedback-overdue-duty", DutyOverdue, demand_publication),
    Subscription("feedback-found-publication", PublicationFound, accept_proof),
    Subscription("feedback-escalated-rectification", RectificationEscalated, demand_rectification),
    Subscription("feedback-closed-rectification", RectificationClosed, end_rectification),
]
