"""All SQL of the room."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.feedback.deadlines.models import LIVE, ClockState, Deadline

SWEEP = 1000
"""Clocks taken at a time: keeps each statement far below the statement timeout."""


async def clocks_of_year(
    session: AsyncSession, region: str, year: int, after: UUID
) -> Sequence[Deadline]:
    """Up to SWEEP live clocks that count days of `year`, after an id, locked against changes.

    A paused clock counts on when it goes on, so its stored due date does not yet limit its years.
    """
    rows = (
        select(Deadline)
        .where(
            col(Deadline.state).in_(LIVE),
            col(Deadline.id) > after,
            col(Deadline.region) == region,
            col(Deadline.base_on) <= date(year, 12, 31),
            or_(
                col(Deadline.due_on) >= date(year, 1, 1),
                col(Deadline.state) == ClockState.PAUSED,
            ),
        )
        .order_by(col(Deadline.id))
        .limit(SWEEP)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(rows)).scalars().all()
