"""What moves places: taken, given back, kept off sale for a while, and on sale again.

`kept_back` of a slot is the number of its returning places, and never more than it has free: who
lost their time is given a free place though it is kept back, and then that one does not return.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.slots.rules import LeftSlot, Span
from shared.database.swap_statement import SwapStatement
from shared.ids import new_id

AROUND = """unnest(CAST(:halls AS text[]), CAST(:pools AS text[]),
  CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
  AS o(hall_code, pool, starts_at, ends_at)
JOIN slot s ON s.hall_code = o.hall_code AND s.pool = o.pool AND s.state <> 'withdrawn'
  AND s.starts_at >= o.starts_at AND s.starts_at < o.ends_at
"""
"""The slots `s` of which a place could help somebody in one of the spans (`spanned`): whatever they
serve, for who sits elsewhere may be moved there."""

# Summed first, since an UPDATE changes a row once however often it is joined. The caller has locked
# the slots in id order. Of the places that are kept back, the last to return is used up first.
_SHIFT = text("""
WITH shifted AS (
  UPDATE slot SET booked = booked + change.places,
    kept_back = greatest(least(kept_back, capacity - booked - change.places), 0)
  FROM (
    SELECT id, sum(places) AS places
    FROM unnest(CAST(:ids AS uuid[]), CAST(:places AS int[])) AS one(id, places) GROUP BY id
  ) AS change
  WHERE slot.id = change.id AND change.places <> 0
  RETURNING slot.id, new.kept_back
)
DELETE FROM returning_place r USING (
  SELECT one.id, shifted.kept_back,
    row_number() OVER (PARTITION BY one.slot_id ORDER BY one.due_at, one.id) AS place
  FROM returning_place one JOIN shifted ON shifted.id = one.slot_id
) ranked WHERE r.id = ranked.id AND ranked.place > ranked.kept_back
""")

_KEEP_BACK = text("""
WITH kept AS (
  -- The caller has locked the slots. Only what is free is kept back: a place that somebody was
  -- given meanwhile is no place to sell.
  UPDATE slot SET kept_back = kept_back + 1
  FROM unnest(CAST(:slots AS uuid[])) AS one(slot_id)
  WHERE slot.id = one.slot_id AND slot.state <> 'withdrawn'
    AND slot.booked + slot.kept_back < slot.capacity
  RETURNING slot.id
)
INSERT INTO returning_place (id, slot_id, due_at, returned_at)
SELECT t.id, kept.id, :due, :now FROM kept
JOIN unnest(CAST(:slots AS uuid[]), CAST(:ids AS uuid[])) AS t(slot_id, id) ON t.slot_id = kept.id
""")

# The slots are locked first, in id order, as by whoever locks several; so that what is counted is
# what is there once nobody else changes them.
_RETURN_DUE = text("""
WITH due AS MATERIALIZED (
  SELECT id, slot_id FROM returning_place WHERE due_at <= :now ORDER BY due_at, id LIMIT 500
), locked AS MATERIALIZED (
  SELECT id FROM slot WHERE id IN (SELECT slot_id FROM due) ORDER BY id FOR NO KEY UPDATE
), gone AS (
  DELETE FROM returning_place r USING due JOIN locked ON locked.id = due.slot_id
  WHERE r.id = due.id RETURNING r.slot_id
)
UPDATE slot SET kept_back = greatest(kept_back - places, 0)
FROM (SELECT slot_id, count(*) AS places FROM gone GROUP BY slot_id) AS counted
WHERE slot.id = counted.slot_id
""")

# By rule, pool and start, as `uq_slot_on_sale`: of a withdrawn slot's places, as many go on being
# kept back as the slot in its stead has free; the first to return, so that none is lost for long.
# The caller has made those slots and locked these, so that no place returns meanwhile.
_INHERIT = text("""
WITH moved AS (
  SELECT r.id, gone.id AS gone, heir.id AS heir, row_number() OVER (
    PARTITION BY heir.id ORDER BY r.due_at, r.id
  ) <= heir.capacity - heir.booked - heir.kept_back AS fits
  FROM slot gone JOIN returning_place r ON r.slot_id = gone.id
  JOIN slot heir ON heir.hall_code = gone.hall_code AND heir.rule_code = gone.rule_code
    AND heir.pool = gone.pool AND heir.starts_at = gone.starts_at AND heir.state <> 'withdrawn'
  JOIN unnest(CAST(:made AS uuid[])) AS made(id) ON made.id = heir.id
  WHERE gone.hall_code = :hall AND gone.state = 'withdrawn'
), raised AS (
  UPDATE slot SET kept_back = kept_back + counted.places
  FROM (
    SELECT heir AS id, count(*) AS places FROM moved WHERE fits GROUP BY heir
    UNION ALL SELECT gone, -count(*) FROM moved WHERE fits GROUP BY gone
  ) AS counted
  WHERE slot.id = counted.id
)
UPDATE returning_place SET slot_id = moved.heir FROM moved
WHERE returning_place.id = moved.id AND moved.fits
""")


# The caller has locked them: whoever takes somebody's time holds all slots that could help them.
_NOTE_LOST = text(f"""
UPDATE slot SET losses = losses + 1 FROM (SELECT DISTINCT s.id FROM {AROUND}) AS around
WHERE slot.id = around.id
""")

# Kept back only if it is free and on sale, as in `_KEEP_BACK`. `booked` is 0 where that was done
# meanwhile: the statement fails then, and not by the CHECK of the column.
_GIVE_BACK = """
UPDATE slot SET booked = booked - :many, kept_back = kept_back + CASE
  WHEN CAST(:due AS timestamptz) IS NOT NULL AND state <> 'withdrawn'
  THEN greatest(least(:many, capacity - (booked - :many) - kept_back), 0) ELSE 0 END
WHERE id = :id AND losses = :losses AND booked >= :many
RETURNING id, new.kept_back - old.kept_back AS kept
"""
_RETURN_LATER = """
INSERT INTO returning_place (id, slot_id, due_at, returned_at)
SELECT one.id, {left}.id, :due, :now
FROM {left}, unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS one(id, place)
WHERE one.place <= {left}.kept
"""

# For who waited when it was given back. The caller has locked the slots.
_GIVE_UP = text("""
WITH gone AS (
  DELETE FROM returning_place WHERE id IN (
    SELECT DISTINCT ON (slot_id) id FROM returning_place WHERE slot_id = ANY(:slots)
      AND (returned_at IS NULL OR returned_at >= :since)
    ORDER BY slot_id, due_at, id
  ) RETURNING slot_id
)
UPDATE slot SET kept_back = kept_back - 1 FROM gone WHERE slot.id = gone.slot_id
""")


# As many as are on sale, whatever is kept back of them.
_TAKE = """
UPDATE slot SET booked = booked + 1 WHERE id = :id
  AND state = 'open' AND closes_at > :now AND booked + kept_back < capacity RETURNING 1
"""
_STAY = """
SELECT 1 FROM slot WHERE id = :id AND state = 'open' AND closes_at > :now FOR NO KEY UPDATE
"""

# The change of whoever is moved and whoever comes, together: as many as are on sale.
_CHANGE = """
UPDATE slot SET booked = booked + :many WHERE id = :id AND state = 'open' AND closes_at > :now
  AND booked + kept_back + :many <= capacity AND booked + :many >= 0 RETURNING 1
"""


def spanned(spans: Sequence[Span]) -> dict[str, Any]:
    """The values of `AROUND`."""
    return {
        "halls": [one.hall_code for one in spans],
        "pools": [one.pool.value for one in spans],
        "starts": [one.starts_at for one in spans],
        "ends": [one.starts_at + timedelta(minutes=one.minutes) for one in spans],
    }


async def note_lost(session: AsyncSession, spans: Sequence[Span]) -> None:
    """Counts in the slots that could help them that somebody lost a time."""
    await session.execute(_NOTE_LOST, spanned(spans))


def give_back(
    statement: SwapStatement, slots: Sequence[LeftSlot], due: datetime | None, now: datetime
) -> None:
    """Gives back a place of each slot, of one that is named several times as many, which nobody who
    lost a time since it was read could have.

    With `due` it is on sale again only then.
    """
    for place, (slot, many) in enumerate(sorted(Counter(slots).items())):
        _leave(statement, f"left_{place}", slot, many, due, now)


def _leave(
    statement: SwapStatement,
    left: str,
    slot: LeftSlot,
    many: int,
    due: datetime | None,
    now: datetime,
) -> None:
    statement.lock(_GIVE_BACK, name=left, id=slot.id, losses=slot.losses, many=many, due=due)
    if due is not None:
        ids = [new_id() for _ in range(many)]
        statement.also(_RETURN_LATER.format(left=left), ids=ids, due=due, now=now)


def exchange(
    statement: SwapStatement,
    slots: Sequence[LeftSlot],
    wanted: Collection[UUID],
    due: datetime | None,
    now: datetime,
) -> None:
    """Takes a place of each that is wanted, on sale, and gives back those of the other slots."""
    left = {slot.id: slot for slot in slots}
    for place, slot in enumerate(sorted({*left, *wanted})):
        if slot not in wanted:
            _leave(statement, f"left_{place}", left[slot], 1, due, now)
        else:
            statement.lock(_STAY if slot in left else _TAKE, id=slot, now=now)


def rearrange(statement: SwapStatement, changes: Mapping[UUID, int], now: datetime) -> None:
    """So many places more or less are taken of each slot, all of which are on sale."""
    for slot, many in sorted(changes.items()):
        if many:
            statement.lock(_CHANGE, id=slot, many=many, now=now)
        else:
            statement.lock(_STAY, id=slot, now=now)


async def shift(session: AsyncSession, changes: Sequence[tuple[UUID, int]]) -> None:
    """Adds places taken (+) and given back (-); the slots must be locked already."""
    ids, places = [slot for slot, _ in changes], [number for _, number in changes]
    await session.execute(_SHIFT, {"ids": ids, "places": places})


async def keep_back(
    session: AsyncSession, slots: Sequence[UUID], ids: Sequence[UUID], due: datetime, now: datetime
) -> None:
    """Takes one free place of each slot off sale until then; the slots must be locked already."""
    values = {"slots": list(slots), "ids": list(ids), "due": due, "now": now}
    await session.execute(_KEEP_BACK, values)


async def give_up(session: AsyncSession, slots: Sequence[UUID], since: datetime) -> None:
    """Of each slot, one place that was kept back since then is kept back no more."""
    await session.execute(_GIVE_UP, {"slots": list(slots), "since": since})


async def return_due(session: AsyncSession, now: datetime) -> int:
    """Job: puts places back on sale whose time has come. Returns of how many slots."""
    result = await session.execute(_RETURN_DUE, {"now": now})
    return int(result.rowcount)  # type: ignore[attr-defined]


async def inherit(session: AsyncSession, hall: str, made: Sequence[UUID]) -> None:
    """Slots made in the stead of withdrawn ones go on keeping back what those did.

    Both must be locked already: `bequeathing` are those that were withdrawn before.
    """
    if made:
        await session.execute(_INHERIT, {"hall": hall, "made": made})
