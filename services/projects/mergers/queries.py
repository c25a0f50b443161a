"""SQL of mergers."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_OPEN_CASES = text("""
SELECT (SELECT count(*) FROM dispute WHERE unit_code = :unit AND state = 'open')
  + (SELECT count(*) FROM exemption_request WHERE unit_code = :unit AND state = 'asked')
  + (SELECT count(*) FROM rectification_order WHERE unit_code = :unit AND ended_at IS NULL)""")


async def open_cases(session: AsyncSession, unit_code: str) -> int:
    """How many disputes, exemptions and orders of a unit nobody has ended."""
    return int((await session.execute(_OPEN_CASES, {"unit": unit_code})).scalar_one())
