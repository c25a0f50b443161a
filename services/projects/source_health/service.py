"""Use cases of the board of sources."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.source_health import queries
from services.projects.source_health.queries import SourceRow, Summary, Wanted
from services.projects.source_health.rules import BEHIND_AFTER, UNPROVEN_AFTER


async def board(session: AsyncSession, now: datetime) -> Summary:
    """How many sources can be read, what cannot be judged, and which hosts fall behind."""
    return await queries.summary(session, now - BEHIND_AFTER, now - UNPROVEN_AFTER)


async def sources(session: AsyncSession, wanted: Wanted) -> Sequence[SourceRow]:
    """The sources wanted, who is so for longest first."""
    return await queries.sources(session, wanted)
