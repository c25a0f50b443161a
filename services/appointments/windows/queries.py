from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Window
from services.appointments.queueing.models import WindowAtWork


async def window(session: AsyncSession, window_id: UUID) -> Window | None:
    """The window of the directory."""
    return await session.get(Window, window_id)


async def at_work(session: AsyncSession, window_id: UUID) -> WindowAtWork | None:
    """Its present shift, None while it is offline."""
    return await session.get(WindowAtWork, window_id, populate_existing=True)


async def first_shift(session: AsyncSession, values: dict[str, Any]) -> WindowAtWork | None:
    """The new row, or None when another request opened the window at the same moment."""
    opened = await session.execute(
        insert(WindowAtWork).values(**values).on_conflict_do_nothing().returning(WindowAtWork)
    )
    return opened.scalar_one_or_none()
