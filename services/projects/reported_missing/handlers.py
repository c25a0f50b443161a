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
    OwedByAnother,
    PublicationGone,
    PublicationOrdered,
    PublicationSeen,
    PublicationUndone,
    VerdictMoved,
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


async def look_at_taken_over(session: AsyncSession, envelope: Envelope[OwedByAnother]) -> None:
    """Another unit owes what answered: whether that still answers what was reported."""
    await service.look_at_answered_by(session, envelope.data.duty_id, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("projects-missing-reports", MissingReported, take_report),
    Subscription("projects-missing-recorded", DutyRecorded, look_again),
    Subscription("projects-missing-found", PublicationSeen, look_again),
    Subscription("projects-missing-overdue", LimitPassed, look_again),
    Subscription("projects-missing-gone", PublicationGone, look_again),
    Subscription("projects-missing-undone", PublicationUndone, look_again),
    Subscription("projects-missing-judged", VerdictMoved, look_again),
    Subscription("projects-missing-taken-over", OwedByAnother, look_at_taken_over),
    Subscription("projects-missing-ordered", PublicationOrdered, look_again),
    Subscription("projects-missing-order-ended", OrderEnded, look_again),
]
