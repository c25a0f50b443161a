"""Who sits around a time, and who would: what a visit is placed by, in one read; how those who are
moved for it are held; and who is given places anew when slots change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.limits import KnownAppointment
from services.appointments.booking.models import AppointmentState
from services.appointments.booking.seating import Claimant
from services.appointments.booking.seen import THEIRS, known
from services.appointments.booking.workflow import HOLDING, LIVE, WORKFLOW, AppointmentAction
from services.appointments.people.rules import Person, same_person
from services.appointments.slots.matching import Claim, Run, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from shared.database.engine import DirectPool
from shared.database.rows import Fetch
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import listed, sources

_BEFORE, _AFTER = timedelta(hours=4), timedelta(hours=6)
"""Around a visit: who began before may sit there still."""

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
    SELECT ROW(a.id, a.version, a.item_code, a.starts_at, a.minutes, a.pool::text, ARRAY(
      SELECT y.slot_id::text FROM appointment_slot y JOIN slot s ON s.id = y.slot_id
      WHERE y.appointment_id = a.id ORDER BY s.starts_at
    )) FROM appointment a WHERE a.state IN ({listed(LIVE)}) AND a.id IN (
      SELECT x.appointment_id FROM appointment_slot x JOIN near ON near.id = x.slot_id
    ) ORDER BY a.held_at, a.id
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
  SELECT a.item_code, a.starts_at, a.minutes, a.pool, ARRAY(
    SELECT y.slot_id FROM appointment_slot y JOIN slot s ON s.id = y.slot_id
    WHERE y.appointment_id = a.id ORDER BY s.starts_at
  ) AS run
  FROM appointment a WHERE a.state IN ({listed(LIVE)}) AND a.id IN (
    SELECT x.appointment_id FROM appointment_slot x WHERE x.slot_id = ANY($1::uuid[])
  )
) one GROUP BY 1, 2, 3, 4, 5
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

_RESUPPORTED = WORKFLOW.of(AppointmentAction.RESUPPORT)

# Who has lost their time, but not who has found another, kept or missed: then that one counts, but
# for what was booked with it. Whoever checked in is served by a ticket. Of two that one person lost
# and cannot have both, the one booked first counts.
_WITHOUT = f"""
  (a.state IN ({sources(_RESUPPORTED)}) AND a.starts_at > :now AND NOT EXISTS (
    SELECT FROM appointment b WHERE {same_person("b", "w")}
      AND (a.party_id IS NULL OR b.party_id IS DISTINCT FROM a.party_id)
      AND ((b.item_code = a.item_code AND b.on_date = a.on_date)
        OR (b.starts_at < a.starts_at + make_interval(mins => a.minutes)
          AND a.starts_at < b.starts_at + make_interval(mins => b.minutes)))
      AND (b.state IN ({listed(HOLDING)}) OR
        (b.state = a.state AND b.starts_at > :now AND (b.held_at, b.id) < (a.held_at, a.id)))
  ))
"""
_CLAIMANTS = """
SELECT a.id, a.code, a.item_code, a.pool, a.starts_at, a.minutes, a.state, a.held_at, ARRAY(
  SELECT x.slot_id FROM appointment_slot x WHERE x.appointment_id = a.id ORDER BY x.slot_id
) AS slots, w.*
FROM appointment a
CROSS JOIN LATERAL (
  SELECT a.citizen_key, a.person_document AS document, a.person_phone AS phone
) w
WHERE {which} ORDER BY a.id
"""
_CLAIM = _CLAIMANTS.format(
    which=f"""(a.state IN ({listed(LIVE)}) AND a.id IN (
    SELECT appointment_id FROM appointment_slot WHERE slot_id = ANY(:slots)
  )) OR (a.hall_code = :hall AND {_WITHOUT})"""
)
_CLAIM_FREE = text(_CLAIM)
_CLAIM_HELD = text(f"{_CLAIM} FOR UPDATE OF a")
_THOSE_WITHOUT = text(_CLAIMANTS.format(which=f"a.id = ANY(:ids) AND {_WITHOUT}"))
_SEATED = text(_CLAIMANTS.format(which=f"a.id = ANY(:ids) AND a.state IN ({listed(LIVE)})"))
_NEIGHBOURS = text(f"""
SELECT DISTINCT a.id FROM appointment o
JOIN slot s ON s.hall_code = o.hall_code AND s.pool = o.pool AND s.state <> 'withdrawn'
  AND s.starts_at >= o.starts_at
  AND s.starts_at < o.starts_at + make_interval(mins => o.minutes)
JOIN appointment_slot x ON x.slot_id = s.id
JOIN appointment a ON a.id = x.appointment_id AND a.state IN ({listed(LIVE)})
WHERE o.id = ANY(:ids)
""")


class SeatedAppointment(NamedTuple):
    """Somebody who may be moved to where they sit as well: their time and item stay."""

    id: UUID
    version: int
    claim: Claim
    run: Run


class Around(NamedTuple):
    """All of one moment; those who booked first come first."""

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


async def find(
    fetch: Fetch,
    hall: str,
    pool: Pool,
    starts_at: datetime,
    items: Sequence[str],
    person: Person,
    now: datetime,
) -> Around:
    """What there is around that time for these items, and what the person has."""
    since, until = starts_at - _BEFORE, starts_at + _AFTER
    values = (hall, pool.value, since, until, now, list(items), *person)
    [record] = await fetch(_AROUND, *values)
    rows, seated, theirs, turns, is_barred, document, phone = record
    return Around(
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
        found[Sitting(Claim(item, starts_at, minutes, Pool(pool)), tuple(run))] = many
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


async def claimants(
    session: AsyncSession, hall: str, slots: Iterable[UUID], now: datetime, *, lock: bool
) -> list[Claimant]:
    """Who has a place in the slots, and who in the hall has lost theirs and could have one again;
    with `lock` they stay as they are until the transaction ends."""
    values = {"hall": hall, "slots": list(slots), "now": now}
    return await _claimants(session, _CLAIM_HELD if lock else _CLAIM_FREE, values)


async def without(session: AsyncSession, ids: Iterable[UUID], now: datetime) -> list[Claimant]:
    """Those of these appointments that have lost their time and could have one again."""
    return await _claimants(session, _THOSE_WITHOUT, {"ids": list(ids), "now": now})


async def seated(session: AsyncSession, ids: Iterable[UUID]) -> list[Claimant]:
    """Those of these appointments that have a place."""
    return await _claimants(session, _SEATED, {"ids": list(ids)})


async def neighbours(session: AsyncSession, ids: Iterable[UUID]) -> list[UUID]:
    """Who has a place at the times of these appointments, at their hall and in their pool."""
    return list((await session.execute(_NEIGHBOURS, {"ids": list(ids)})).scalars())


async def _claimants(
    session: AsyncSession, statement: TextClause, values: dict[str, Any]
) -> list[Claimant]:
    return [
        Claimant(a, b, c, Pool(d), e, f, AppointmentState(g), h, tuple(i), Person(*who))
        for a, b, c, d, e, f, g, h, i, *who in (await session.execute(statement, values)).all()
    ]
