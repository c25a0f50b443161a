"""Who sits around a time, and who would: what a visit is placed by, in one read; and how those who
are moved for it are held."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.booking.limits import KnownAppointment
from services.appointments.booking.rings import Ring
from services.appointments.booking.seen import THEIRS, known
from services.appointments.booking.workflow import LIVE
from services.appointments.people.rules import Person, same_person
from services.appointments.slots.matching import Claim, Run, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from shared.database.engine import DirectPool
from shared.database.rows import Fetch
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import listed

EVERYBODY = 2**31 - 1

# By their keys, one by one: their state inside of it would lead whoever plans to the index of all
# who live, which was read whole for each of them.
_SEAT = """
    SELECT a.id, a.version, a.item_code, a.starts_at, a.minutes, a.pool::text AS pool, ARRAY(
      SELECT y.slot_id::text FROM appointment_slot y CROSS JOIN LATERAL (
        SELECT s.starts_at FROM slot s WHERE s.id = y.slot_id OFFSET 0
      ) s WHERE y.appointment_id = a.id ORDER BY s.starts_at
    ) AS run, a.held_at, a.state
    FROM appointment a WHERE a.id = {id} OFFSET 0
"""
_AROUND = f"""
WITH RECURSIVE on_sale AS MATERIALIZED (
  SELECT id, rule_code, pool::text AS pool, on_date, starts_at, minutes, capacity,
    booked + kept_back AS taken, item_codes::text[] AS items
  FROM slot WHERE hall_code = $1 AND state = 'open'
    AND pool = $2 AND starts_at >= $3 AND starts_at < $4 AND closes_at > $5
), kinds AS MATERIALIZED (
  SELECT DISTINCT items FROM on_sale
), reach AS (
  SELECT $6::text[] AS items
  UNION SELECT k.items FROM kinds k JOIN reach r ON k.items && r.items
), near AS MATERIALIZED (
  SELECT * FROM on_sale WHERE items IN (SELECT items FROM reach)
), there AS MATERIALIZED (
  -- By index, slot by slot: how few there are nobody who plans knows. Where all places are alike,
  -- whoever could be moved to one leaves one that is no better.
  SELECT DISTINCT x.appointment_id AS id FROM near CROSS JOIN LATERAL (
    SELECT y.appointment_id FROM appointment_slot y WHERE y.slot_id = near.id OFFSET 0
  ) x WHERE (SELECT count(DISTINCT (items, starts_at, minutes)) FROM near) > 1
), seated AS (
  SELECT a.* FROM there CROSS JOIN LATERAL ({_SEAT.format(id="there.id")}) a
  WHERE a.state IN ({listed(LIVE)})
), who AS MATERIALIZED (
  SELECT one.citizen_key, coalesce(one.document, v.document) AS document,
    coalesce(one.phone, v.phone) AS phone
  FROM (SELECT $7::text AS citizen_key, $8::text AS document, $9::text AS phone) one
  LEFT JOIN verified_account v USING (citizen_key)
)
SELECT ARRAY(
    SELECT ROW(id, rule_code, pool, on_date, starts_at, minutes, capacity, taken, items)
    FROM near
  ), ARRAY(
    -- As text: the driver knows no arrays of other kinds inside of rows.
    SELECT ROW(id, version, item_code, starts_at, minutes, pool, run) FROM (
      SELECT *, row_number() OVER (
        PARTITION BY item_code, starts_at, minutes, pool, run ORDER BY held_at DESC, id DESC
      ) AS place FROM seated
    ) alike WHERE place <= $10 ORDER BY held_at, id
  ), ARRAY(
    SELECT ROW(t.*) FROM ({THEIRS.format(whose=same_person("x", "who"))}) t ORDER BY starts_at, id
  ), ARRAY(
    SELECT ROW(b.key, b.turn) FROM booking_turn b WHERE b.key IN (
      who.citizen_key, 'document:' || who.document, 'phone:' || who.phone)
  ), EXISTS (
    SELECT FROM penalty p WHERE {same_person("p", "who", apart=True)} AND p.hall_code = $1
      AND p.blocked_until > $5 AND p.lifted_at IS NULL
  ), who.document, who.phone
FROM who
"""


# People who come for the same and sit alike are counted: so many need not be told apart.
_SITTERS = f"""
SELECT item_code, starts_at, minutes, pool, run, count(*) FROM (
  SELECT DISTINCT x.appointment_id AS id FROM appointment_slot x WHERE x.slot_id = ANY($1::uuid[])
) there CROSS JOIN LATERAL ({_SEAT.format(id="there.id")}) a
WHERE a.state IN ({listed(LIVE)}) GROUP BY 1, 2, 3, 4, 5
"""
# As `reseat` does it, who is given other places has other rows.
_KEEP_PLACES = """
SELECT 1 FROM (
  SELECT FROM appointment_slot WHERE appointment_id = :id AND slot_id = ANY(:slots) FOR SHARE
) AS kept HAVING count(*) = :many
"""
# Whoever is moved for somebody else: nothing of them changes but the rows of their places.
_KEEP_VERSIONS = """
SELECT 1 FROM (
  SELECT FROM appointment a JOIN unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS v(id, n)
    ON v.id = a.id AND v.n = a.version ORDER BY a.id FOR UPDATE OF a
) AS kept HAVING count(*) = :many
"""
_KEEP_ROWS = """
SELECT 1 FROM (
  SELECT FROM appointment_slot x JOIN unnest(CAST(:ids AS uuid[]), CAST(:slots AS uuid[]))
    AS v(id, slot) ON v.id = x.appointment_id AND v.slot = x.slot_id
  ORDER BY x.appointment_id, x.slot_id FOR UPDATE OF x
) AS kept HAVING count(*) = :many
"""
_GO = """
DELETE FROM appointment_slot x USING unnest(CAST(:ids AS uuid[]), CAST(:slots AS uuid[]))
  AS v(id, slot) WHERE v.id = x.appointment_id AND v.slot = x.slot_id
"""
_COME = """
INSERT INTO appointment_slot (appointment_id, slot_id)
SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:slots AS uuid[]))
"""


class SeatedAppointment(NamedTuple):
    """Somebody who may be moved to where they sit as well: their time and item stay."""

    id: UUID
    version: int
    claim: Claim
    run: Run


class Around(NamedTuple):
    """All of one moment and of the times of `ring`; those who booked first come first."""

    ring: Ring
    slots: list[OpenSlot]
    seated: list[SeatedAppointment]
    theirs: list[KnownAppointment]
    turns: dict[str, int]
    is_barred: bool
    person: Person

    @property
    def sitters(self) -> dict[Sitting, int]:
        """How many sit how."""
        found: dict[Sitting, int] = {}
        for one in self.seated:
            sitting = Sitting(one.claim, one.run)
            found[sitting] = found.get(sitting, 0) + 1
        return found

    def once_gone(self, leaving: Mapping[UUID, Sequence[UUID]]) -> "Around":
        """The same once these appointments have given back these places."""
        freed = Counter(slot for run in leaving.values() for slot in run)
        slots = [slot._replace(booked=slot.booked - freed[slot.id]) for slot in self.slots]
        seated = [one for one in self.seated if one.id not in leaving]
        return self._replace(slots=slots, seated=seated)


async def find(
    fetch: Fetch,
    hall: str,
    pool: Pool,
    ring: Ring,
    items: Sequence[str],
    person: Person,
    now: datetime,
    alike: int = EVERYBODY,
) -> Around:
    """What there is of those times for these items, and what the person has; of those who come for
    the same and sit alike no more than `alike`, who booked last."""
    values = (hall, pool.value, *ring, now, list(items), *person, alike)
    [record] = await fetch(_AROUND, *values)
    rows, seated, theirs, turns, is_barred, document, phone = record
    return Around(
        ring,
        [_slot(*row) for row in rows],
        [_seated(*row) for row in seated],
        [known(row) for row in theirs],
        dict(turns),
        is_barred,
        Person(person.citizen_key, document, phone),
    )


def _slot(id_: UUID, rule: str, pool: str, *others: Any) -> OpenSlot:
    *values, items = others
    return OpenSlot._make((id_, rule, Pool(pool), *values, frozenset(items)))


def _seated(id_: UUID, version: int, *others: Any) -> SeatedAppointment:
    item, starts_at, minutes, pool, run = others
    claim = Claim(item, starts_at, minutes, Pool(pool))
    return SeatedAppointment(id_, version, claim, tuple(map(UUID, run)))


async def sitters(direct: DirectPool, slots: Sequence[UUID]) -> dict[Sitting, int]:
    """Who has a place in the slots that may be moved: how many, by what for and where they sit."""
    found: dict[Sitting, int] = {}
    for item, starts_at, minutes, pool, run, many in await direct.fetch(_SITTERS, list(slots)):
        found[Sitting(Claim(item, starts_at, minutes, Pool(pool)), tuple(map(UUID, run)))] = many
    return found


def keep_places(statement: SwapStatement, appointment: UUID, slots: Sequence[UUID]) -> None:
    """The appointment still has these places, of which its version says nothing."""
    statement.lock(_KEEP_PLACES, id=appointment, slots=list(slots), many=len(slots))


def keep_versions(statement: SwapStatement, versions: Mapping[UUID, int]) -> None:
    """The appointments are of these versions, and nobody changes them until the commit."""
    ids = [*versions]
    statement.lock(_KEEP_VERSIONS, ids=ids, versions=[*versions.values()], many=len(ids))


def keep_rows(statement: SwapStatement, rows: Sequence[tuple[UUID, UUID]]) -> None:
    """The appointments still have these places, and nobody moves them until the commit."""
    statement.lock(_KEEP_ROWS, **_pairs(rows), many=len(rows))


def move_places(
    statement: SwapStatement,
    gone: Sequence[tuple[UUID, UUID]],
    come: Sequence[tuple[UUID, UUID]],
) -> None:
    """The places that go of those appointments, and those that come; counts are the caller's."""
    if gone:
        statement.also(_GO, **_pairs(gone))
    if come:
        statement.also(_COME, **_pairs(come))


def _pairs(rows: Sequence[tuple[UUID, UUID]]) -> dict[str, Any]:
    return {"ids": [one for one, _ in rows], "slots": [slot for _, slot in rows]}
