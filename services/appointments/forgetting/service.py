"""Forgets whom appointments were for."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.forgetting import queries

KEPT = timedelta(days=180)
"""After the day of it, for an appeal, a return call, a complaint: no longer than the purpose needs
(个人信息保护法 art. 19)."""
BATCH = queries.BATCH


async def forget_contacts(session: AsyncSession, now: datetime) -> int:
    """Job: returns how many were forgotten, BATCH where there may be more."""
    return await queries.forget(session, now - KEPT, now)
