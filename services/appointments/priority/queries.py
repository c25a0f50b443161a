from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.priority.models import QueuePolicy


async def newest(session: AsyncSession, hall_code: str) -> QueuePolicy | None:
    """The policy in force at the hall, None while it has decided nothing."""
    found = await session.exec(
        select(QueuePolicy)
        .where(QueuePolicy.hall_code == hall_code)
        .order_by(col(QueuePolicy.version).desc())
        .limit(1)
    )
    return found.one_or_none()
