"""The SQL of penalties."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import Penalty, PenaltyState


async def find(session: AsyncSession, penalty_id: UUID) -> Penalty | None:
    """The penalty with that id."""
    return (await session.exec(select(Penalty).where(Penalty.id == penalty_id))).one_or_none()


async def listed(
    session: AsyncSession,
    *,
    hall: str | None,
    citizen_key: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Penalty]:
    """Those of a hall, of a person, or of a person at a hall; newest first."""
    rows = select(Penalty).order_by(desc(Penalty.id)).limit(limit)
    if hall is not None:
        rows = rows.where(col(Penalty.hall_code) == hall)
    if citizen_key is not None:
        rows = rows.where(col(Penalty.citizen_key) == citizen_key)
    if before is not None:
        rows = rows.where(col(Penalty.id) < before)
    return (await session.exec(rows)).all()


async def standing(
    session: AsyncSession, citizen_key: str, hall: str, now: datetime
) -> Sequence[Penalty]:
    """Those that bar the person at the hall now; locked until the transaction ends."""
    rows = (
        select(Penalty)
        .where(
            col(Penalty.citizen_key) == citizen_key,
            col(Penalty.hall_code) == hall,
            col(Penalty.state) != PenaltyState.LIFTED,
            col(Penalty.blocked_until) > now,
        )
        .order_by(col(Penalty.id))
        .with_for_update()
    )
    return (await session.exec(rows)).all()
