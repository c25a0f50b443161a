"""Which events a subscription has already handled, so that a redelivery changes nothing."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_NOTE = text(
    "INSERT INTO inbox (subscription, event_id) VALUES (:subscription, :event_id)"
    " ON CONFLICT DO NOTHING"
)


async def first_time(session: AsyncSession, subscription: str, event_id: UUID) -> bool:
    """Note that `subscription` handles `event_id`; False if it already did."""
    noted: Any = await session.execute(_NOTE, {"subscription": subscription, "event_id": event_id})
    return bool(noted.rowcount == 1)
