from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reported_missing import service
from services.projects.reported_missing.contracts import (
    DutyMoved,
    DutyRecorded,
    LimitPassed,
    MissingReported,
    OrderEnded,
    OrderMoved,
    PublicationOrdered,
    PublicationSeen,
)
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def take_report(session: AsyncSession, envelope: Envelope[MissingReported]) -> None:
    """Somebody reports that something is missing: one check, however often."""
    await service.take_report(session, envelope.data, clock.now())


async def look_again(session: AsyncSession, envelope: Envelope[DutyMoved | OrderMoved]) -> None:
    """A duty moved, or an order about it, that may be what was reported missing."""
    await service.look_again(session, envelope.data, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("projects-missing-reports", MissingReported, take_report),
    Subscription("projects-missing-recorded", DutyRecorded, look_again),
    Subscription("projects-missing-found", PublicationSeen, look_again),
    Subscription("projects-missing-overdue", LimitPassed, look_again),
    Subscription("projects-missing-ordered", PublicationOrdered, look_again),
    Subscription("projects-missing-order-ended", OrderEnded, look_again),
]
