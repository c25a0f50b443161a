"""The SQL of slots. Whoever locks several slots locks them in id order, so nobody deadlocks."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import (
    ComingSlot,
    FullnessChange,
    LockedSlot,
    NewSlot,
    OpenedSlot,
    OpenSlot,
    RuleSale,
    SlotFacts,
    Span,
    Wave,
    WithdrawnSlot,
)
from services.appointments.slots.statement import AROUND, spanned
from services.appointments.slots.workflow import WORKFLOW, SlotAction
from shared.database.engine import DirectPool
from shared.database.transitions import listed, sources, target

OPENED_AT_ONCE = 500
_PIECE = 500
"""Rows of a large change at a time: between the pieces the process answers others."""
_OPENING = WORKFLOW.of(SlotAction.OPEN)
_CLOSING = WORKFLOW.of(SlotAction.CLOSE)
_WITHDRAWN = WORKFLOW.of(SlotAction.WITHDRAW)
_ONLINE = f"pool = '{Pool.ONLINE}' AND capacity > 0"


_SALE = (
    "id, rule_code, pool, on_date, starts_at, minutes, capacity, booked + kept_back AS taken,"
    " item_codes"
)
_ON_SALE = """hall_code = $1 AND state = 'open' AND starts_at >= $2 AND starts_at < $3
  AND pool = $4 AND closes_at > $6 AND capacity > 0"""
_OPEN = f"""
SELECT {_SALE} FROM slot WHERE {_ON_SALE} AND item_codes::text[] && $5::text[]
  AND ($7::uuid IS NULL OR (starts_at, id) > ($2, $7))
ORDER BY starts_at, id LIMIT $8
"""
# Those who sit in the slots may be moved to others that serve one of their items, those who sit
# there to others again: what can be reached so is looked for by kinds of slots, which are few.
_NEAR = f"""
WITH RECURSIVE others AS MATERIALIZED (
  SELECT {_SALE}, item_codes::text[] AS items FROM slot
  WHERE {_ON_SALE} AND NOT item_codes::text[] && $5::text[]
), kinds AS MATERIALIZED (
  SELECT DISTINCT items FROM others
), reach AS (
  SELECT $7::text[] AS items
  UNION SELECT k.items FROM kinds k JOIN reach r ON k.items && r.items
)
SELECT id, rule_code, pool, on_date, starts_at, minutes, capacity, taken, item_codes FROM others
WHERE items IN (SELECT items FROM reach)
"""

_FOLLOWING = """
SELECT id, hall_code, rule_code, rule_version, pool, item_codes, on_date, starts_at, minutes
FROM slot WHERE hall_code = $1 AND rule_code = $2 AND pool = $3 AND state <> 'withdrawn'
  AND starts_at >= $4 AND starts_at < $5
ORDER BY starts_at
"""

_FACTS = """
SELECT id, hall_code, rule_code, rule_version, pool, item_codes, on_date, starts_at, minutes
FROM slot WHERE id = ANY($1::uuid[])
"""

_OPEN_DUE = text(f"""
WITH due AS (
  -- NO KEY, as everywhere for slots: bookings refer to the row meanwhile. SKIP LOCKED: the job
  -- never waits; what it passes over is due at its next run.
  SELECT id FROM slot WHERE state IN ({sources(_OPENING)}) AND opens_at <= :now
  ORDER BY id LIMIT {OPENED_AT_ONCE} FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE slot SET state = {target(_OPENING)} FROM due WHERE slot.id = due.id
RETURNING slot.id, hall_code, on_date, pool, starts_at, minutes, capacity
""")

_CLOSE_DUE = text(f"""
WITH due AS (
  -- A slot in which somebody is just booking closes at the next run; the booking statement looks
  -- at `closes_at` itself, so that nothing is sold late meanwhile.
  SELECT id FROM slot WHERE state IN ({sources(_CLOSING)}) AND closes_at <= :now
  ORDER BY id LIMIT 5000 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE slot SET state = {target(_CLOSING)} FROM due WHERE slot.id = due.id
""")

_FULLNESS_CHANGED = text("""
WITH changed AS (
  -- A slot that is just being booked is passed over: it is looked at again when it has settled.
  SELECT id FROM slot WHERE state = 'open' AND announced_full <> (booked + kept_back >= capacity)
  ORDER BY id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE slot SET announced_full = (booked + kept_back >= capacity)
FROM changed WHERE slot.id = changed.id
RETURNING slot.id, hall_code, pool, starts_at, capacity, booked + kept_back, announced_full
""")

_LOCK = text("""
SELECT id, state, capacity, booked, closes_at, opens_at, kept_back FROM slot
WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
""")

_BEQUEATHING = text("""
SELECT DISTINCT s.id FROM returning_place r JOIN slot s ON s.id = r.slot_id
WHERE s.hall_code = :hall AND s.state = 'withdrawn' AND s.starts_at > :now
""")

_WITHDRAW = text(f"""
UPDATE slot SET state = {target(_WITHDRAWN)}
WHERE id = ANY(:ids) AND state IN ({sources(_WITHDRAWN)})
RETURNING id, hall_code, on_date, pool
""")

# From one document and not as rows of parameters, which take the process fifty times as long.
_ADD = text(f"""
INSERT INTO slot (id, hall_code, rule_code, rule_version, pool, item_codes, on_date, starts_at,
  minutes, capacity, booked, opens_at, closes_at, state, announced_full, shared_from, ceded,
  later_at, later_places)
SELECT id, hall_code, rule_code, rule_version, pool,
  ARRAY(SELECT jsonb_array_elements_text(item_codes)), on_date, starts_at, minutes, capacity, 0,
  opens_at, closes_at, {listed(WORKFLOW.starts)}, capacity = 0, shared_from, ceded,
  later_at, later_places
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(id uuid, hall_code text, rule_code text,
  rule_version int, pool text, item_codes jsonb, on_date date, starts_at timestamptz, minutes int,
  capacity int, opens_at timestamptz, closes_at timestamptz, shared_from timestamptz, ceded int,
  later_at timestamptz[], later_places int[])
""")

_COMING_SLOT = """
SELECT id, rule_code, rule_version, pool, item_codes, on_date, starts_at, minutes, capacity,
       booked, opens_at, closes_at, state, shared_from, ceded, later_at, later_places
FROM slot WHERE {which} AND state <> 'withdrawn' ORDER BY starts_at, id
"""
_COMING = text(_COMING_SLOT.format(which="hall_code = :hall AND starts_at > :now"))
_PRESENT = text(_COMING_SLOT.format(which="id = ANY(:ids)"))
_AROUND = text(f"SELECT DISTINCT s.id, s.hall_code FROM {AROUND}")
# A later day never comes on sale before an earlier one of its rule.
_SALES = text(f"""
SELECT rule_code, max(on_date),
  max(on_date) FILTER (WHERE {_ONLINE} AND state = 'open' AND closes_at > :now),
  min(opens_at) FILTER (WHERE {_ONLINE} AND state IN ({sources(_OPENING)})),
  min(on_date) FILTER (WHERE {_ONLINE} AND state IN ({sources(_OPENING)}))
FROM slot WHERE hall_code = :hall AND state <> 'withdrawn' AND starts_at > :now
GROUP BY rule_code
""")


async def open_slots(
    direct: DirectPool,
    hall: str,
    items: Sequence[str],
    pool: Pool,
    *,
    since: datetime,
    until: datetime,
    after: UUID | None,
    now: datetime,
    most: int,
) -> list[OpenSlot]:
    """The slots of a hall on sale for one of the items, full ones too, earliest first.

    At most that many; `since` and `after`, the start and id of the last one, go on from there.
    """
    asked = (hall, since, until, pool.value, list(items), now, after, most)
    return [_open_slot(tuple(row)) for row in await direct.fetch(_OPEN, *asked)]


async def near_slots(
    direct: DirectPool,
    hall: str,
    items: Sequence[str],
    pool: Pool,
    *,
    since: datetime,
    until: datetime,
    served: Iterable[str],
    now: datetime,
) -> list[OpenSlot]:
    """The slots on sale for none of the items in which others could sit, who sit in slots that
    serve `served`, or whoever would have to be moved for those."""
    asked = (hall, since, until, pool.value, list(items), now, list(served))
    return [_open_slot(tuple(row)) for row in await direct.fetch(_NEAR, *asked)]


def _open_slot(r: tuple[Any, ...]) -> OpenSlot:
    return OpenSlot._make((*r[:2], Pool(r[2]), *r[3:8], frozenset(r[8])))


async def following(direct: DirectPool, last: SlotFacts, until: datetime) -> list[SlotFacts]:
    """The slots of the same rule and pool that begin from its end on, until then."""
    values = (last.hall_code, last.rule_code, last.pool.value, last.ends_at, until)
    return [_facts(row) for row in await direct.fetch(_FOLLOWING, *values)]


async def facts(direct: DirectPool, ids: Iterable[UUID]) -> list[SlotFacts]:
    """What never changes about the slots; unknown ids are absent."""
    rows = await direct.fetch(_FACTS, list(ids))
    return [_facts(row) for row in rows]


def _facts(row: asyncpg.Record) -> SlotFacts:
    r = tuple(row)
    return SlotFacts(r[0], r[1], r[2], r[3], Pool(r[4]), frozenset(r[5]), *r[6:])


async def open_due(session: AsyncSession, now: datetime) -> list[OpenedSlot]:
    """Opens the planned slots whose time has come, and returns them."""
    return [OpenedSlot(*row) for row in (await session.execute(_OPEN_DUE, {"now": now})).all()]


async def close_due(session: AsyncSession, now: datetime) -> int:
    """Job: closes slots that can no longer be booked in time."""
    result = await session.execute(_CLOSE_DUE, {"now": now})
    return int(result.rowcount)  # type: ignore[attr-defined]


async def fullness_changed(session: AsyncSession) -> list[FullnessChange]:
    """Marks slots whose fullness differs from what was announced; returns them."""
    return [FullnessChange(*row) for row in (await session.execute(_FULLNESS_CHANGED)).all()]


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> list[LockedSlot]:
    """The slots as they are now, locked in id order until the transaction ends."""
    wanted, locked = sorted(set(ids)), []
    for first in range(0, len(wanted), _PIECE):
        rows = await session.execute(_LOCK, {"ids": wanted[first : first + _PIECE]})
        locked += [LockedSlot(row[0], SlotState(row[1]), *row[2:]) for row in rows.all()]
    return locked


async def bequeathing(session: AsyncSession, hall: str, now: datetime) -> list[UUID]:
    """The hall's withdrawn slots to come of which places are still kept back."""
    found = await session.execute(_BEQUEATHING, {"hall": hall, "now": now})
    return list(found.scalars())


async def withdraw(session: AsyncSession, ids: Iterable[UUID]) -> list[WithdrawnSlot]:
    """Takes the slots off sale, and returns those that were on it or to come."""
    rows = (await session.execute(_WITHDRAW, {"ids": list(ids)})).all()
    return [WithdrawnSlot(*row) for row in rows]


async def coming(session: AsyncSession, hall: str, now: datetime) -> list[ComingSlot]:
    """The hall's slots that have not begun and are not withdrawn."""
    found: list[ComingSlot] = []
    rows = await session.stream(_COMING, {"hall": hall, "now": now})
    async for piece in rows.partitions(_PIECE):
        found += map(_coming, piece)
    return found


def _coming(row: Sequence[Any]) -> ComingSlot:
    later = tuple(map(Wave, row[15] or (), row[16] or ()))
    same = (*row[:3], Pool(row[3]), *row[4:12], SlotState(row[12]), *row[13:15])
    return ComingSlot._make((*same, later))


async def present(session: AsyncSession, ids: Iterable[UUID]) -> list[ComingSlot]:
    """The slots as they are now, but for those that are withdrawn."""
    return [_coming(row) for row in (await session.execute(_PRESENT, {"ids": list(ids)})).all()]


async def around(session: AsyncSession, spans: Sequence[Span]) -> dict[UUID, str]:
    """The slots of those times, with their halls."""
    return {row[0]: row[1] for row in (await session.execute(_AROUND, spanned(spans))).all()}


async def add(session: AsyncSession, slots: Sequence[NewSlot]) -> None:
    """Puts new slots into the plan."""
    rows = json.dumps([slot.columns for slot in slots], default=str)
    await session.execute(_ADD, {"rows": rows})


async def hall_zone(direct: DirectPool, hall: str) -> str | None:
    """The time zone of a hall; None for an unknown hall."""
    zone: str | None = await direct.fetchval("SELECT timezone FROM hall WHERE code = $1", hall)
    return zone


async def sales(session: AsyncSession, hall: str, now: datetime) -> dict[str, RuleSale]:
    """How far the slots of each rule of the hall reach, by the rule's code."""
    rows = (await session.execute(_SALES, {"hall": hall, "now": now})).all()
    return {row[0]: RuleSale(*row[1:]) for row in rows}
