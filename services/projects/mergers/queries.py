"""SQL of mergers."""

from datetime import date

from sqlalchemy import func, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.mergers.models import UnitMerger

# Who is asked about a page, and who sees what was reported missing, is the unit that is there.
_FOLLOW = (
    text("""UPDATE page_match SET unit_code = :into, version = version + 1
            WHERE unit_code = :unit"""),
    text("UPDATE disclosure_check SET unit_code = :into WHERE unit_code = :unit"),
)


async def follow(session: AsyncSession, unit_code: str, successor_code: str) -> None:
    """What names the unit beside its duties names the other one from now on: matches with pages,
    and checks of what is reported missing."""
    for statement in _FOLLOW:
        await session.execute(statement, {"unit": unit_code, "into": successor_code})


async def last_merged_into(session: AsyncSession, unit_code: str) -> date | None:
    """When another unit became part of this one last."""
    found = select(func.max(UnitMerger.merged_on)).where(UnitMerger.successor_code == unit_code)
    return (await session.exec(found)).one()
