"""All SQL of the room."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar.models import CalendarEdition


async def raise_edition(session: AsyncSession, region: str, notice: str, now: datetime) -> None:
    """The next edition; the row stays locked until its days are there for all to read."""
    first = {"region": region, "edition": 1, "notice": notice, "learned_at": now}
    added = upsert(CalendarEdition).values(first)
    later = {name: added.excluded[name] for name in ("notice", "learned_at")}
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["region"],
            set_={**later, "edition": col(CalendarEdition.edition) + 1},
        )
    )
