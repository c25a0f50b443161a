"""A unit says that it has published something: its portals are read next, as politely as ever."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.portals import queries


async def run_soon(session: AsyncSession, unit_code: str, now: datetime) -> None:
    """Bring the next run of the unit's portals forward to now; what is off stays off."""
    await queries.run_soon(session, unit_code, now)
