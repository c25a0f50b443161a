"""Subscriptions of the rated services."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.rated_services import service
from services.appointments.rated_services.contracts import RatingExcluded, RatingReceived
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def note(session: AsyncSession, envelope: Envelope[RatingReceived]) -> None:
    """A rating, as it was given last."""
    await service.note(session, envelope.data, clock.now())


async def exclude(session: AsyncSession, envelope: Envelope[RatingExcluded]) -> None:
    """A rating that does not count."""
    await service.exclude(session, envelope.data.rating_id)


subscriptions: list[Subscription[Any]] = [
    Subscription("appointments-rating-received", RatingReceived, note),
    Subscription("appointments-rating-excluded", RatingExcluded, exclude),
]
