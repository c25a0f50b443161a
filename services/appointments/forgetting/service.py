"""Forgets what was said of people."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.forgetting import queries, statement
from services.appointments.forgetting.statement import TERMS

BATCH = statement.BATCH


async def forget(session: AsyncSession, now: datetime) -> int:
    """Job: returns of how many rows at the most, BATCH where there may be more."""
    return max([await queries.forget(session, term, now) for term in TERMS])
