"""What a forecast needs to know of a hall."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.rules import RELEASED_AFTER_MINUTES
from services.appointments.estimates.rules import EDGES
from services.appointments.estimates.schemas import QueuedTicket, ShorterWait, seq_of
from services.appointments.queueing.models import TicketState, WindowState
from services.appointments.slots.models import Pool, SlotState
from shared.database.rows import Fetch

_SEEN = """
SELECT call.item_code, least(width_bucket(
    extract(epoch FROM ended_at - called_at) / 60, $1::numeric[]), $2::int) - 1 AS bucket,
  sum(exp(-extract(epoch FROM $3::timestamptz - ended_at) / $4::int) * CASE
    WHEN extract(hour FROM called_at AT TIME ZONE h.timezone)::int / 3 =
      extract(hour FROM $3::timestamptz AT TIME ZONE h.timezone)::int / 3
    THEN 1 ELSE 0.5 END)::float8 AS weight
FROM call JOIN hall h ON h.code = call.hall_code
WHERE call.hall_code = $5 AND ended_at > $3::timestamptz - interval '30 days'
  AND ended_by NOT IN ('undo', 'clear') GROUP BY 1, 2
"""
_CREDITED = """
SELECT t.item_code, t.credit_minutes,
  extract(hour FROM t.issued_at AT TIME ZONE h.timezone)::int AS hour,
  (count(*)::float8 / days.n)::float8 AS a_day
FROM hall h, LATERAL (SELECT ($3::timestamptz AT TIME ZONE h.timezone)::date AS day) today,
  LATERAL (SELECT count(DISTINCT service_day) AS n FROM ticket WHERE hall_code = h.code
    AND service_day >= today.day - 30 AND service_day < today.day) days,
  ticket t
WHERE h.code = $5 AND t.hall_code = h.code AND t.service_day >= today.day - 30
  AND t.service_day < today.day AND t.leg = 1 AND t.credit_minutes > 0
  AND t.appointment_id IS NULL
GROUP BY 1, 2, 3, days.n ORDER BY 2, 1, 3
"""
_HISTORY = f"""
SELECT ARRAY(SELECT ROW(item_code, bucket, weight) FROM ({_SEEN}) seen),
  ARRAY(SELECT ROW(item_code, credit_minutes, hour, a_day) FROM ({_CREDITED}) credited)
"""
_FLOOR = f"""
WITH waiting AS MATERIALIZED (
  SELECT id, item_code, items, for_window_id, due_at FROM ticket
  WHERE hall_code = $1 AND state = '{TicketState.WAITING}'
), windows AS MATERIALIZED (
  SELECT w.window_id, ARRAY(SELECT i.item_code::text FROM window_item i
    WHERE i.window_id = w.window_id) AS items, live.item_code AS busy_with, live.called_at
  FROM window_at_work w
  LEFT JOIN call live ON live.window_id = w.window_id AND live.ended_at IS NULL
  WHERE w.hall_code = $1 AND w.state = '{WindowState.OPEN}'
), coming AS MATERIALIZED (
  -- Of those whose time has begun only who comes late may still come.
  SELECT a.id, a.item_code, a.starts_at, CASE WHEN a.starts_at > $2::timestamptz
    THEN coalesce(history.share, $3::float8) ELSE coalesce(history.late_share, $4::float8)
    END AS shows_up
  FROM appointment a, (SELECT avg((state <> 'no_show')::int)::float8 AS share,
      avg((state <> 'no_show')::int) FILTER (WHERE state = 'no_show'
        OR checked_in_at > starts_at)::float8 AS late_share
    FROM appointment WHERE hall_code = $1 AND starts_at < $2::timestamptz
    AND starts_at > $2::timestamptz - interval '30 days'
    AND state IN ('checked_in', 'served', 'lapsed', 'no_show')
    -- Who was excused did not come, but was not missed either.
    AND NOT (state = 'lapsed' AND checked_in_at IS NULL AND regained_at IS NOT NULL)) history
  WHERE a.hall_code = $1 AND a.state = 'confirmed'
    AND a.starts_at BETWEEN $2::timestamptz - interval '{RELEASED_AFTER_MINUTES} minutes'
      AND $2::timestamptz + interval '2 hours'
), asked AS (
  SELECT item_code FROM waiting UNION SELECT item_code FROM coming
  UNION SELECT busy_with FROM windows UNION SELECT unnest(items) FROM windows
)
SELECT
  ARRAY(SELECT ROW(id, item_code, items, for_window_id, due_at) FROM waiting ORDER BY due_at, id),
  ARRAY(SELECT ROW(window_id, items, busy_with, called_at) FROM windows),
  ARRAY(SELECT ROW(id, item_code, starts_at, shows_up) FROM coming),
  ARRAY(SELECT ROW(i.code, i.standard_minutes) FROM item i JOIN asked ON i.code = asked.item_code),
  (SELECT timezone FROM hall WHERE code = $1)
"""
_SHORTER = f"""
SELECT h.code, h.name, h.name_en, l.p85_minutes
FROM hall here, hall h JOIN hall_load l ON l.hall_code = h.code
WHERE here.code = $1 AND h.code <> $1 AND l.p85_minutes <= $3::int AND EXISTS (
  SELECT FROM window_at_work w WHERE w.hall_code = h.code AND w.state = '{WindowState.OPEN}'
    AND ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.window_id)
      @> $2::text[])
-- Near enough to choose by: on a map, a degree of longitude is shorter than one of latitude.
ORDER BY power(h.latitude - here.latitude, 2)
  + power((h.longitude - here.longitude) * cos(radians(here.latitude)), 2) NULLS LAST,
  l.p85_minutes, h.code LIMIT 1
"""
_NEXT_FREE = (
    "SELECT starts_at FROM slot"
    f" WHERE hall_code = $1 AND state = '{SlotState.OPEN}' AND pool = '{Pool.ONLINE}'"
    "   AND booked + kept_back < capacity AND starts_at > $2 AND closes_at > $2"
    "   AND item_codes::text[] @> $3::text[] ORDER BY starts_at LIMIT 1"
)
USUALLY_SHOW_UP, USUALLY_LATE = 0.85, 0.5
"""Who comes, and who still comes of those who are not there when their time begins, while a hall
has no history of its own."""
_SEQ = "SELECT " + seq_of("$1")
_NEXT_ON_SALE = (
    "SELECT starts_at FROM slot"
    f" WHERE hall_code = $1 AND state = '{SlotState.OPEN}' AND starts_at > $2"
    "   AND item_codes::text[] @> $3::text[] ORDER BY starts_at LIMIT 1"
)
DECAY_SECONDS = 10 * 86400
"""A call of ten days ago weighs a third (1/e) of one of today."""


class WindowTakingPeople(NamedTuple):
    """An open window: what it serves, what it is busy with, and since when."""

    window_id: UUID
    items: list[str]
    busy_with: str | None
    called_at: datetime | None


class ExpectedVisit(NamedTuple):
    """A confirmed appointment of the next hours, and the share of such people who come (still)."""

    id: UUID
    item_code: str
    starts_at: datetime
    shows_up: float


class Newcomers(NamedTuple):
    """How many come on a day in an hour of the hall's own time, without an appointment, for an item
    and with so many minutes of credit."""

    item_code: str
    credit_minutes: int
    hour: int
    a_day: float


class Usual(NamedTuple):
    """What the last 30 days of a hall show.

    `seen`: per item, how often calls kept a window busy for how long; older ones count less, and
    so do calls in another third of the morning or afternoon.
    """

    seen: dict[str, dict[int, float]]
    newcomers: list[Newcomers]


class FloorNow(NamedTuple):
    """Who waits in the order in which they are due, the windows that take people, who is expected
    in the next two hours, the standard minutes of all items that they or the windows have, and the
    hall's time zone."""

    queue: list[QueuedTicket]
    windows: list[WindowTakingPeople]
    coming: list[ExpectedVisit]
    standard_minutes: dict[str, int]
    timezone: str


async def seq(fetch: Fetch, hall_code: str) -> int:
    """A number that grows with all that happens to the hall, its tickets and its windows."""
    [(number,)] = await fetch(_SEQ, hall_code)
    return int(number)


async def floor(fetch: Fetch, hall_code: str, now: datetime) -> FloorNow:
    """The hall as it is."""
    [found] = await fetch(_FLOOR, hall_code, now, USUALLY_SHOW_UP, USUALLY_LATE)
    waiting, windows, coming, minutes, timezone = found
    return FloorNow(
        [QueuedTicket(ticket, item, tuple(i), to, due) for ticket, item, i, to, due in waiting],
        [WindowTakingPeople(*window) for window in windows],
        [ExpectedVisit(*visit) for visit in coming],
        dict(minutes),
        timezone,
    )


async def usual(fetch: Fetch, hall_code: str, now: datetime) -> Usual:
    """What to expect of the hall's windows and of those who come."""
    asked = (list(EDGES), len(EDGES) - 1, now, DECAY_SECONDS, hall_code)
    [(times, newcomers)] = await fetch(_HISTORY, *asked)
    seen: dict[str, dict[int, float]] = {}
    for item, bucket, weight in times:
        seen.setdefault(item, {})[max(bucket, 0)] = weight
    return Usual(seen, [Newcomers(*each) for each in newcomers])


async def next_on_sale(
    fetch: Fetch, hall_code: str, items: list[str], now: datetime
) -> datetime | None:
    """The next time at which the hall sells places for all of the items."""
    for (starts_at,) in await fetch(_NEXT_ON_SALE, hall_code, now, items):
        return starts_at  # type: ignore[no-any-return]
    return None


async def shorter_wait(
    fetch: Fetch, hall_code: str, items: list[str], most_minutes: int
) -> ShorterWait | None:
    """The nearest other hall with an open window for all of the items and so short a wait."""
    for found in await fetch(_SHORTER, hall_code, items, most_minutes):
        return ShorterWait(*found)
    return None


async def next_free(
    fetch: Fetch, hall_code: str, items: list[str], now: datetime
) -> datetime | None:
    """The next time at which a place for all of the items is free to be booked online."""
    for (starts_at,) in await fetch(_NEXT_FREE, hall_code, now, items):
        return starts_at  # type: ignore[no-any-return]
    return None
