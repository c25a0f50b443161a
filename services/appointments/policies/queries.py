"""The SQL of booking policies."""

from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.policies.models import BookingPolicy
from services.appointments.policies.rules import CapTerms, HoldTerms
from shared.database.engine import DirectPool

_TERMS = """
SELECT version, hold_minutes, (caps ->> 'per_day')::int, (caps ->> 'per_week')::int,
  (caps ->> 'per_month')::int, (caps ->> 'open_at_once')::int
FROM booking_policy
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


async def numbered(session: AsyncSession, hall: str, version: int) -> BookingPolicy | None:
    """That version of a hall's policy."""
    wanted = select(BookingPolicy).where(
        col(BookingPolicy.hall_code) == hall, col(BookingPolicy.version) == version
    )
    return (await session.exec(wanted)).one_or_none()


async def hold_terms(direct: DirectPool, hall: str) -> HoldTerms | None:
    """What the policy in force says about a new booking; None without a policy."""
    row = await direct.fetchrow(_TERMS, hall)
    if row is None:
        return None
    version, hold_minutes, *caps = row
    return HoldTerms(version, hold_minutes, CapTerms(*caps))
