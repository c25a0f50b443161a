"""What happened to clocks: appended to their history, and told to the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries
from services.feedback.deadlines.models import Change, Deadline
from shared.messaging.events import Event


async def note(
    session: AsyncSession,
    ids: Sequence[UUID],
    change: Change,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Append what happened to the clocks' history, with their due dates as they now stand."""
    await queries.note(session, ids, change, by=by, now=now, reason=reason)


async def changed(
    session: AsyncSession, clocks: list[Deadline], change: Change, **noted: Any
) -> list[Deadline]:
    """Write out changed clocks, each as a new version, and note what happened to them."""
    for clock in clocks:
        clock.version += 1
    await session.flush()
    await note(session, [clock.id for clock in clocks], change, **noted)
    return clocks


async def announce(session: AsyncSession, events: Sequence[tuple[Event, str, UUID]]) -> None:
    """Promise many events in one statement: each with its scope and its subject's id."""
    await queries.publish(session, events)
