from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
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


async def swap(
    session: AsyncSession, seen: WindowAtWork, values: dict[str, Any]
) -> WindowAtWork | None:
    """The window with new values, or None when it is no longer in the state and version seen."""
    changed = await session.execute(
        update(WindowAtWork)
        .where(
            col(WindowAtWork.window_id) == seen.window_id,
            col(WindowAtWork.state) == seen.state,
            col(WindowAtWork.version) == seen.version,
        )
        .values(**values, version=seen.version + 1)
        .returning(WindowAtWork),
        execution_options={"populate_existing": True, "synchronize_session": False},
    )
    return changed.scalar_one_or_none()
