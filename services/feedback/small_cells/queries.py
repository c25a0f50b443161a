"""All SQL of the public's figures."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.small_cells.models import PublicFigures, Topic


async def of_month(session: AsyncSession, topic: Topic, month: date) -> PublicFigures | None:
    """What was counted of a month, None before."""
    rows = select(PublicFigures).where(
        col(PublicFigures.topic) == topic, col(PublicFigures.month) == month
    )
    return (await session.execute(rows)).scalars().one_or_none()


async def keep(session: AsyncSession, counted: PublicFigures) -> None:
    """Of several that count a month at once the first one's figures stay."""
    new = insert(PublicFigures).values(counted.model_dump())
    await session.execute(new.on_conflict_do_nothing())
