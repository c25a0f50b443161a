"""What happened to clocks: appended to their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries
from services.feedback.deadlines.models import Change, Deadline


async def changed(
    session: AsyncSession, clocks: list[Deadline], change: Change, **noted: Any
) -> list[Deadline]:
    """Write out changed clocks, each as a new version, and note what happened to them."""
    for clock in clocks:
        clock.version += 1
    await session.flush()
    await queries.note(session, [clock.id for clock in clocks], change, **noted)
    return clocks


async def breached(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> None:
    """Note that the sweep found these clocks over; it has written them out itself."""
    await queries.note(session, ids, Change.BREACHED, by="system", now=now)
