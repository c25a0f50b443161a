"""The SQL of forgetting: what was said of people by name and telephone number goes, never that
somebody was there."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.workflow import LIVE
from services.appointments.waitlist.models import WaitlistState
from shared.database.transitions import listed

BATCH = 500
_BARRED = "SELECT FROM penalty p WHERE p.citizen_key = {key} AND p.blocked_until > :now"
_OF_APPOINTMENTS = text(f"""
UPDATE appointment SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY(ARRAY(
  SELECT a.id FROM appointment a
  WHERE a.name_sealed IS NOT NULL AND a.starts_at < :before AND a.state NOT IN ({listed(LIVE)})
    AND NOT EXISTS ({_BARRED.format(key="a.citizen_key")})
  ORDER BY a.starts_at LIMIT {BATCH}))
RETURNING 1
""")
# Whoever books again meanwhile is met anew, by the same row: it is looked at once more when locked.
_OF_PEOPLE = text(f"""
DELETE FROM citizen c WHERE c.updated_at < :before AND c.key = ANY(ARRAY(
  SELECT k.key FROM citizen k WHERE k.updated_at < :before
    AND NOT EXISTS (SELECT FROM appointment a WHERE a.citizen_key = k.key
      AND (a.starts_at >= :before OR a.state IN ({listed(LIVE)})))
    AND NOT EXISTS (SELECT FROM waitlist_entry w WHERE w.citizen_key = k.key
      AND w.state IN ({listed((WaitlistState.WAITING, WaitlistState.OFFERED))}))
    AND NOT EXISTS ({_BARRED.format(key="k.key")})
  ORDER BY k.updated_at LIMIT {BATCH}))
RETURNING 1
""")


async def forget(session: AsyncSession, before: datetime, now: datetime) -> int:
    """Of appointments and people of before that moment; BATCH where there may be more."""
    asked = {"before": before, "now": now}
    statements = (_OF_APPOINTMENTS, _OF_PEOPLE)
    return max([len((await session.execute(one, asked)).all()) for one in statements])
