"""The SQL of rated services."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.queueing.workflow import NOT_UNDONE
from services.appointments.rated_services.contracts import RatingReceived
from services.appointments.rated_services.models import GivenRating
from services.appointments.rated_services.rules import Rated

BATCH = 2000
_NOTE = text("""
INSERT INTO given_rating AS g (
  rating_id, case_id, hall_code, is_bad, is_excluded, given_at, as_of)
VALUES (:rating_id, :case_id, :hall_code, :is_bad, false, :at, :at)
ON CONFLICT (rating_id) DO UPDATE SET
  is_bad = CASE WHEN EXCLUDED.as_of >= g.as_of THEN EXCLUDED.is_bad ELSE g.is_bad END,
  given_at = least(g.given_at, EXCLUDED.given_at), as_of = greatest(g.as_of, EXCLUDED.as_of)
""")
# Whom several people served is left out: nobody knows which of them was meant. So is whom nobody
# served at a window: somebody was visited, or another system reported it.
_COUNT = text(f"""
WITH due AS (
  DELETE FROM given_rating WHERE rating_id = ANY(ARRAY(
    SELECT rating_id FROM given_rating WHERE given_at < :before ORDER BY given_at LIMIT {BATCH}))
  RETURNING case_id, hall_code, is_bad, is_excluded,
    date_trunc('quarter', given_at AT TIME ZONE 'Asia/Shanghai')::date AS quarter
), served AS (
  SELECT d.hall_code, d.quarter, s.account, s.item_code, d.is_bad
  FROM due d CROSS JOIN LATERAL (
    SELECT min(e.actor) AS account,
      (array_agg(e.item_code ORDER BY e.hall_seq DESC))[1] AS item_code
    FROM ticket t JOIN ticket_event e ON e.ticket_id = t.id AND e.hall_code = t.hall_code
    WHERE t.visit_id = d.case_id AND t.hall_code = d.hall_code
      AND e.action <> 'undo' AND e.served_seconds IS NOT NULL AND {NOT_UNDONE.format(e="e")}
    HAVING count(DISTINCT e.actor) = 1) s
  WHERE NOT d.is_excluded
), counted AS (
  INSERT INTO served_rating_tally AS c (hall_code, quarter, account, item_code, rated, bad)
  SELECT hall_code, quarter, account, item_code, count(*), count(*) FILTER (WHERE is_bad)
  FROM served GROUP BY 1, 2, 3, 4
  ON CONFLICT (hall_code, quarter, account, item_code) DO UPDATE
  SET rated = c.rated + EXCLUDED.rated, bad = c.bad + EXCLUDED.bad
)
SELECT count(*)::int FROM due""")
_TALLIES = text("""
SELECT account, item_code, rated, bad FROM served_rating_tally
WHERE hall_code = :hall AND quarter = :quarter
  AND NOT EXISTS (SELECT FROM given_rating WHERE given_at < :before)""")


async def note(session: AsyncSession, rating: RatingReceived) -> None:
    """As it was said last, whichever comes first."""
    await session.execute(_NOTE, rating.model_dump(exclude={"followup_id"}))


async def exclude(session: AsyncSession, rating_id: UUID) -> None:
    rows = update(GivenRating).where(col(GivenRating.rating_id) == rating_id)
    await session.execute(rows.values(is_excluded=True))


async def count(session: AsyncSession, before: datetime) -> int:
    """Counts ratings that were given before that moment, and forgets them. Returns how many, BATCH
    where there may be more."""
    return int((await session.execute(_COUNT, {"before": before})).scalar_one())


async def of_quarter(
    session: AsyncSession, hall: str, quarter: date, before: datetime
) -> dict[tuple[str, str], Rated]:
    """By account and item; nothing while some that were given before that moment are uncounted."""
    asked = {"hall": hall, "quarter": quarter, "before": before}
    rows = await session.execute(_TALLIES, asked)
    return {(account, item): Rated(*counts) for account, item, *counts in rows}
