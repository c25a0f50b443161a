"""The SQL of what is on sale at a time that somebody asked for."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from services.appointments.booking.sale.rules import NamedTime, NotOnSale
from services.appointments.slots.models import Pool, SlotState
from shared.database.engine import DirectPool

# A slot whose sale is over is closed, though no job has noted it yet.
_STATE = f"CASE WHEN state = '{SlotState.OPEN}' THEN '{SlotState.CLOSED}' ELSE state END"
_ON_SALE = f"(state = '{SlotState.OPEN}' AND closes_at > $1)"
_SLOT_STATES = f"""
SELECT {_STATE}, opens_at FROM slot
WHERE id = ANY($2::uuid[]) AND NOT {_ON_SALE} ORDER BY starts_at LIMIT 1
"""
# Of several slots at the time the one of which there is most to hope for: on sale, else to be, else
# it was. By the day, of which there is an index whatever the state.
_AT_TIME = f"""
SELECT here.on_sale, here.state, here.opens_at, CASE
  WHEN (last.at AT TIME ZONE h.timezone)::date < ($5::timestamptz AT TIME ZONE h.timezone)::date
  THEN last.at END
FROM hall h CROSS JOIN LATERAL (SELECT greatest(
  (SELECT max(starts_at) FROM slot WHERE {{which}} AND state = '{SlotState.OPEN}'),
  (SELECT max(starts_at) FROM slot WHERE {{which}} AND state = '{SlotState.PLANNED}')) AS at) last
LEFT JOIN (
  SELECT {_ON_SALE} AS on_sale, {_STATE} AS state, opens_at FROM slot
  WHERE {{which}} AND starts_at = $5
    AND on_date BETWEEN ($5 - interval '1 day')::date AND ($5 + interval '1 day')::date
  ORDER BY 1 DESC, state = '{SlotState.PLANNED}' DESC, state = '{SlotState.WITHDRAWN}', opens_at
  LIMIT 1
) here ON true WHERE h.code = $2
""".format(which="hall_code = $2 AND pool = $3 AND item_codes::text[] && $4::text[]")


async def why_not_on_sale(
    direct: DirectPool, slots: Iterable[UUID], now: datetime
) -> NotOnSale | None:
    """State and opening time of the first wanted slot that is not on sale; None if all are."""
    row = await direct.fetchrow(_SLOT_STATES, now, list(slots))
    return None if row is None else NotOnSale(SlotState(row[0]), row[1])


async def at_time(
    direct: DirectPool,
    hall: str,
    pool: Pool,
    items: Collection[str],
    starts_at: datetime,
    now: datetime,
) -> NamedTime:
    """What the hall has in the pool for one of the items at that time."""
    row = await direct.fetchrow(_AT_TIME, now, hall, pool.value, sorted(items), starts_at)
    assert row is not None
    on_sale, state, opens_at, planned_until = row
    closed = None if state is None or on_sale else NotOnSale(SlotState(state), opens_at)
    return NamedTime(state is not None, closed, planned_until)
