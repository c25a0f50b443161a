"""The SQL of booking policies."""

from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.policies.models import BookingPolicy
from shared.database.engine import DirectPool

_TERMS = """
SELECT version, hold_minutes FROM booking_policy
WHERE hall_code = $1 ORDER BY version DESC LIMIT 1
"""


async def latest(session: AsyncSession, hall: str) -> BookingPolicy | None:
    """The highest version of a hall's policy."""
    newest = (
        select(BookingPolicy)
        .where(col(BookingPolicy.hall_code) == hall)
        .order_by(desc(BookingPolicy.version))
        .limit(1)
    )
    return (await session.exec(newest)).one_or_none()


async def hold_terms(direct: DirectPool, hall: str) -> tuple[int, int] | None:
    """The version in force and how many minutes it holds a place; None without a policy."""
    row = await direct.fetchrow(_TERMS, hall)
    return (row[0], row[1]) if row else None
