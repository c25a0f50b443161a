"""The statements by which places come on sale. Each reads, decides and swaps what it has locked.

The halls are locked before (`directory.lock_idle_halls`), so that nobody changes their schedules or
takes somebody's time meanwhile; who books or cancels is waited for slot by slot, in id order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import AppointmentState
from services.appointments.releases.rules import in_turn
from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import OpenedSlot
from services.appointments.waitlist.rules import WAITING, fits
from shared.database.transitions import listed

FIRST = timedelta(minutes=15)
"""So long a place is kept for whom it goes to before strangers: jobs give it to them by then."""
MOST = 500
"""Slots of one run."""
_OPEN, _ONLINE = f"'{SlotState.OPEN}'", f"'{Pool.ONLINE}'"

_CEDING = f"""
slot giver JOIN slot heir ON heir.hall_code = giver.hall_code AND heir.rule_code = giver.rule_code
  AND heir.pool = {_ONLINE} AND heir.starts_at = giver.starts_at AND heir.minutes = giver.minutes
  AND heir.state = {_OPEN} AND heir.closes_at > :now
WHERE giver.state = {_OPEN} AND giver.shared_from <= :now AND giver.closes_at > :now
  AND giver.pool <> {_ONLINE} AND giver.booked + giver.kept_back < giver.capacity
"""
_RELEASING = f"state = {_OPEN} AND later_at IS NOT NULL AND later_at[1] <= :now"
_HALLS_RELEASING = text(f"SELECT DISTINCT hall_code FROM slot WHERE {_RELEASING}")
_HALLS_CEDING = text(f"SELECT DISTINCT giver.hall_code FROM {_CEDING}")

_WITHOUT = f"""(SELECT count(*) FROM appointment a
  WHERE a.hall_code = s.hall_code AND a.pool = s.pool AND a.starts_at > :now
    AND a.state IN ({listed([AppointmentState.ORPHANED])})
    AND a.starts_at < s.starts_at + make_interval(mins => s.minutes)
    AND s.starts_at < a.starts_at + make_interval(mins => a.minutes))"""
_WAITING = f"""(SELECT count(*) FROM waitlist_entry e
  WHERE e.state IN ({WAITING}) AND {fits("e", "s", "h")}
    AND NOT {in_turn("s", "e.item_code")})"""

# Of the places that come, as many as people are before all others are kept back until half of the
# time to the end of their sale is over at the latest; the others are on sale at once. Those for who
# lost a time are of long ago for the waitlist, so that it leaves them to `heal_left`. `kept_back`
# never exceeds what is free: all of what comes is.
_SOLD = """
kept AS MATERIALIZED (
  SELECT id, least(places, lost)::int AS for_lost, least(places, lost + waiting)::int AS places,
    due_at
  FROM (
    SELECT c.id, c.places, {lost} AS lost, {waiting} AS waiting, CAST(:now AS timestamptz)
      + least(CAST(:first AS interval), (s.closes_at - :now) / 2) AS due_at
    FROM coming c JOIN slot s ON s.id = c.id JOIN hall h ON h.code = s.hall_code
  ) counted
), came AS (
  UPDATE slot SET capacity = capacity + c.places, kept_back = kept_back + k.places, {besides}
  FROM coming c JOIN kept k ON k.id = c.id WHERE slot.id = c.id
  RETURNING slot.id, slot.hall_code, slot.on_date, slot.pool, slot.starts_at, slot.minutes,
    slot.capacity
), back AS (
  INSERT INTO returning_place (id, slot_id, due_at, returned_at)
  SELECT uuidv7(), k.id, k.due_at, CASE WHEN n <= k.for_lost THEN to_timestamp(0) ELSE :now END
  FROM kept k, generate_series(1, k.places) n
)
SELECT id, hall_code, on_date, pool, starts_at, minutes, capacity FROM came ORDER BY starts_at, id
"""
_CEDED = "ceded = ceded + c.places"
_LATER = (
    "later_at = nullif(later_at[c.waves + 1:], '{}'),"
    " later_places = nullif(later_places[c.waves + 1:], '{}')"
)

# What is released was announced for all alike: only who lost their time comes before others.
_RELEASE = text(f"""
WITH due AS MATERIALIZED (
  SELECT id FROM slot WHERE hall_code = ANY(:halls) AND {_RELEASING}
  ORDER BY id LIMIT {MOST} FOR NO KEY UPDATE
), coming AS MATERIALIZED (
  SELECT s.id, sum(w.places)::int AS places, count(*)::int AS waves
  FROM slot s JOIN due ON due.id = s.id
  CROSS JOIN LATERAL unnest(s.later_at, s.later_places) AS w(at, places)
  WHERE w.at <= :now GROUP BY s.id
), {_SOLD.format(lost=_WITHOUT, waiting=0, besides=_LATER)}
""")

# One row a slot that gives: its places go over whole, in the one statement that counts them, so
# that none is sold twice and none is lost. What a giver has free later on (a place cancelled, or
# kept back until then) goes over with the next run. Of a release that gives out places in turn
# nobody waits but those in its line.
_CEDE = text(f"""
WITH due AS MATERIALIZED (
  SELECT giver.id, heir.id AS heir FROM {_CEDING} AND giver.hall_code = ANY(:halls)
  ORDER BY giver.shared_from, giver.id LIMIT {MOST}
), locked AS MATERIALIZED (
  SELECT id, capacity - booked - kept_back AS room FROM slot
  WHERE id IN (SELECT id FROM due UNION ALL SELECT heir FROM due) AND state = {_OPEN}
  ORDER BY id FOR NO KEY UPDATE
), moving AS MATERIALIZED (
  SELECT due.id, due.heir, giver.room FROM due JOIN locked giver ON giver.id = due.id
  JOIN locked heir ON heir.id = due.heir WHERE giver.room > 0
), gone AS (
  UPDATE slot SET capacity = capacity - m.room, ceded = ceded - m.room
  FROM moving m WHERE slot.id = m.id
), coming AS MATERIALIZED (
  SELECT heir AS id, sum(room)::int AS places FROM moving GROUP BY heir
), {_SOLD.format(lost=_WITHOUT, waiting=_WAITING, besides=_CEDED)}
""")


async def halls_releasing(session: AsyncSession, now: datetime) -> list[str]:
    """The halls where portions are due."""
    return list((await session.execute(_HALLS_RELEASING, {"now": now})).scalars())


async def halls_ceding(session: AsyncSession, now: datetime) -> list[str]:
    """The halls where pools have something left that goes to another."""
    return list((await session.execute(_HALLS_CEDING, {"now": now})).scalars())


async def release(session: AsyncSession, halls: Sequence[str], now: datetime) -> list[OpenedSlot]:
    """Releases portions that are due, of some hundred slots of these halls; returns those."""
    return await _sold(session, _RELEASE, halls, now)


async def cede(session: AsyncSession, halls: Sequence[str], now: datetime) -> list[OpenedSlot]:
    """Moves what is left of some hundred slots whose time of return has come to those online;
    returns the latter."""
    return await _sold(session, _CEDE, halls, now)


async def _sold(
    session: AsyncSession, statement: TextClause, halls: Sequence[str], now: datetime
) -> list[OpenedSlot]:
    values = {"halls": list(halls), "now": now, "first": FIRST}
    return [OpenedSlot(*row) for row in (await session.execute(statement, values)).all()]
