"""What is known of a hall beside its free times, in one look."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.appointments.directory.schemas import HOURS, OpeningHours
from services.appointments.slots.models import Pool, SlotState
from shared.database.engine import DirectPool

_HALL = f"""
SELECT h.timezone, ARRAY(
  SELECT DISTINCT ON (on_date) ROW(on_date, at, places) FROM (
    -- Of each day what comes next: all places of slots that open then, or a further portion.
    SELECT on_date, at, sum(places)::int AS places FROM (
      SELECT on_date, opens_at AS at, capacity AS places FROM slot s
      WHERE s.hall_code = h.code AND s.state = '{SlotState.PLANNED}' AND s.capacity > 0
        AND s.pool = $3 AND s.item_codes::text[] && $2::text[] AND s.starts_at > $6
        AND s.on_date BETWEEN $4 AND $5
      UNION ALL SELECT s.on_date, w.at, w.places FROM slot s
      CROSS JOIN LATERAL unnest(s.later_at, s.later_places) AS w(at, places)
      WHERE s.hall_code = h.code AND s.state = '{SlotState.OPEN}' AND s.later_at IS NOT NULL
        AND s.pool = $3 AND s.item_codes::text[] && $2::text[] AND s.starts_at > $6
        AND s.on_date BETWEEN $4 AND $5 AND w.at > $6
    ) due GROUP BY on_date, at
  ) soonest ORDER BY on_date, at
), ARRAY(
  SELECT ROW(w.no, w.late_hours::text) FROM "window" w
  WHERE w.hall_code = h.code AND w.retired_at IS NULL AND w.late_hours <> '[]' AND EXISTS (
    SELECT FROM window_item i WHERE i.window_id = w.id AND i.item_code = ANY($2::text[])
  ) ORDER BY w.no
)
FROM hall h WHERE h.code = $1
"""


class NextRelease(NamedTuple):
    """On which day more can be booked from when on, and how many places that are."""

    on_date: date
    opens_at: datetime
    places: int


class HallNow(NamedTuple):
    """The hall's zone, what of the days comes on sale next, and its late-closing windows."""

    zone: str
    releases: list[NextRelease]
    late: dict[int, list[OpeningHours]]


async def hall_now(
    direct: DirectPool,
    hall: str,
    items: Sequence[str],
    pool: Pool,
    first: date,
    last: date,
    now: datetime,
) -> HallNow | None:
    """What of the items comes on sale on the local days `first`..`last`; None: no such hall."""
    row = await direct.fetchrow(_HALL, hall, list(items), pool.value, first, last, now)
    if row is None:
        return None
    zone, releases, late = row
    return HallNow(zone, [NextRelease(*one) for one in releases], dict(map(_late, late)))


def _late(row: tuple[int, str]) -> tuple[int, list[OpeningHours]]:
    number, hours = row
    return number, HOURS.validate_json(hours)
