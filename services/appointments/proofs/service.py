"""Proves the counts of the slots; raises the alarm where one is wrong."""

from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.proofs import queries

LOOKED_BACK = timedelta(days=40)

log = structlog.get_logger()


async def prove_counts(session: AsyncSession, now: datetime) -> int:
    """Job: `booked` of every slot equals its live appointments, and no more is kept back than is
    free and has a day of return. Returns how many slots are wrong; each is in the log."""
    wrong = 0
    async for row in queries.drift(session, now - LOOKED_BACK):
        wrong += 1
        counts = {name: value for name, value in row._asdict().items() if name != "id"}
        log.error("slot_count_drifted", slot_id=str(row.id), **counts)
    return wrong
