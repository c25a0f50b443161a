"""What happened to clocks: appended to their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries
from services.feedback.deadlines.models import Change, Deadline


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
