"""The SQL of what a booking asks about releases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from services.appointments.people.rules import Person, same_person
from services.appointments.releases.models import Release, ReleaseEntry
from services.appointments.releases.rules import IN_LINE, LIVE, PressingRelease, SeenRelease
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest

_PRESSING = f"""
SELECT id, item_codes, starts_from, starts_until FROM release
WHERE hall_code = $1 AND state IN ({LIVE})
"""
# Of who is known by another key as well: the one that is in line first of all. What was booked by
# it are the legs of one visit, and what they were moved to.
_STANDING = f"""
SELECT {columns(Release, "r")}, {columns(ReleaseEntry, "e")}, e.id, ARRAY(
    SELECT a.state FROM (
      SELECT e.appointment_id AS id UNION SELECT p.id FROM appointment p
      WHERE p.party_id = e.appointment_id
    ) leg JOIN appointment a ON a.id = leg.id OR a.visit_id = leg.id
  )
FROM release r
CROSS JOIN (
  SELECT $1::text AS citizen_key, coalesce($2::text, v.document) AS document,
    coalesce($3::text, v.phone) AS phone
  FROM (SELECT 1) AS one LEFT JOIN verified_account v ON v.citizen_key = $1
) w
LEFT JOIN LATERAL (
  SELECT e.* FROM release_entry e
  WHERE e.release_id = r.id AND {same_person("e", "w", apart=True)} AND e.state IN ({IN_LINE})
  ORDER BY e.joined_at, e.id LIMIT 1
) e ON true
WHERE r.hall_code = $4 AND r.state IN ({LIVE}) AND r.item_codes::text[] && $5::text[]
  AND r.starts_from <= $6 AND r.starts_until > $6
ORDER BY r.id
"""


async def pressing(direct: DirectPool, hall: str) -> list[PressingRelease]:
    """The releases of the hall that are not over."""
    rows = await direct.fetch(_PRESSING, hall)
    return [PressingRelease(key, frozenset(items), *times) for key, items, *times in rows]


async def standing(
    direct: DirectPool,
    person: Person,
    hall: str,
    items: Collection[str],
    starts_at: datetime,
) -> list[SeenRelease]:
    """How the person stands with each release of that time that is not over."""
    rows = await direct.fetch(_STANDING, *person, hall, sorted(items), starts_at)
    return [_standing([*row]) for row in rows]


def _standing(values: Sequence[Any]) -> SeenRelease:
    *theirs, key, states = rest(Release, values)
    entry = None if key is None else loaded(ReleaseEntry, theirs)
    return SeenRelease(loaded(Release, values), entry, states)
