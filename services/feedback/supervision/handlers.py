from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.supervision import service
from services.feedback.supervision.contracts import DutyOverdue, PublicationFound
from services.feedback.supervision.models import PublicationProof
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


subscriptions: list[Subscription[Any]] = [
    Subscription("feedback-overdue-duty", DutyOverdue, demand_publication),
    Subscription("feedback-found-publication", PublicationFound, accept_proof),
]
