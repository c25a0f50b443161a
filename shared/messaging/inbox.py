"""Which events a subscription has already handled, so that a redelivery changes nothing."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_NOTE = text(
    "INSERT INTO inbox (subscription, event_id) VALUES (:subscription, :event_id)"
    " ON CONFLICT DO NOTHING"
)
_PRUNE = text(
    "DELETE FROM inbox WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM inbox WHERE handled_at < :before LIMIT 5000))"
)


async def first_time(session: AsyncSession, subscription: str, event_id: UUID) -> bool:
    """Note that `subscription` handles `event_id`; False if it already did."""
    noted: Any = await session.execute(_NOTE, {"subscription": subscription, "event_id": event_id})
    return bool(noted.rowcount == 1)


async def prune(session: AsyncSession, now: datetime, *, kept_days: int) -> int:
    """Forget notes older than any event that could still be delivered again."""
    result: Any = await session.execute(_PRUNE, {"before": now - timedelta(days=kept_days)})
    return int(result.rowcount)
