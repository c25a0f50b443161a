"""Which walks prove that what was not found is absent, because all that they found is matched."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import observing
from services.projects.duties import service as duties
from services.projects.matching import queries
from services.projects.portals import service as portals


async def note_walks(session: AsyncSession, now: datetime, *, actor: str) -> int:
    """Note the walks of units whose portals were all walked without gaps and are fully matched."""
    noted = 0
    if await duties.wants_rematching(session):
        return 0
    for unit_code, walked_at in await portals.walked_units(session):
        known = await queries.noted_walk(session, unit_code)
        if known is not None and known >= walked_at:
            continue
        if await queries.pages_waiting_of(session, unit_code):
            continue
        await observing.note_full_walk(session, [unit_code], walked_at, now, actor=actor)
        noted += 1
    return noted
