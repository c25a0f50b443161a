"""What gives out places: the booking statement, and the statements that seat people anew."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import Appointment
from services.appointments.booking.rules import BookingOutcome, Draft, HoldRow
from services.appointments.booking.workflow import HOLDING, LIVE, WORKFLOW, AppointmentAction
from services.appointments.people.rules import same_person
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import listed, sources, target
from shared.web.idempotency import Claim, KeyReused

_SQL_TYPES: dict[object, str] = {
    UUID: "uuid",
    str: "text",
    int: "int",
    bytes: "bytea",
    date: "date",
    datetime: "timestamptz",
}


def _sql_type(annotation: object) -> str:
    """The type of a draft's field in PostgreSQL; a field that may be None has the same."""
    [kind] = {*(get_args(annotation) or (annotation,))} - {type(None)}
    return _SQL_TYPES[kind]


# The draft is the only list of these columns: names, order and types come from it, so that no two
# of them (most are text) can ever be swapped.
_COLUMNS = {name: _sql_type(kind) for name, kind in get_type_hints(Draft).items()}
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), 2))
_LIVE = listed(LIVE)
_HOLDING = listed(HOLDING)
_STARTS = listed(WORKFLOW.starts)
_WANTED_ORD, _WANTED_SLOT = len(_COLUMNS) + 2, len(_COLUMNS) + 3

HOLD = f"""
WITH asked AS MATERIALIZED (
  -- One row a request, in order of arrival. Materialized, as all that follow: each is read several
  -- times, and unnesting so many arrays is the dearest thing here that locks nothing.
  SELECT * FROM unnest({_ARRAYS}) WITH ORDINALITY AS a({", ".join(_COLUMNS)}, ord)
), wanted AS MATERIALIZED (
  -- One row a wanted slot: most requests want one, some several that follow one another.
  SELECT * FROM unnest(${_WANTED_ORD}::bigint[], ${_WANTED_SLOT}::uuid[]) AS w(ord, slot_id)
), locked AS MATERIALIZED (
  -- The only lock: slots with room, in id order, so that two processes never wait crosswise.
  -- NO KEY, for appointment_slot refers to the row meanwhile. A full slot is neither locked nor
  -- waited for: its refusal costs no queue. After a wait PostgreSQL looks at the newest version,
  -- so `room` is never an old count.
  SELECT id, capacity - booked - kept_back AS room FROM slot
  WHERE id = ANY(${_WANTED_SLOT}::uuid[])
    AND state = 'open' AND closes_at > $1 AND booked + kept_back < capacity
  ORDER BY id FOR NO KEY UPDATE
), who AS MATERIALIZED (
  -- For whom: as staff named them, else as the account was verified.
  SELECT a.ord, a.citizen_key, coalesce(a.person_document, v.document) AS document,
    coalesce(a.person_phone, v.phone) AS phone
  FROM asked a LEFT JOIN verified_account v USING (citizen_key)
), named AS MATERIALIZED (
  SELECT ord, citizen_key AS key FROM who
  UNION ALL SELECT ord, 'document:' || document FROM who WHERE document IS NOT NULL
  UNION ALL SELECT ord, 'phone:' || phone FROM who WHERE phone IS NOT NULL
), known AS MATERIALIZED (
  -- Who asked this before under the same key: their answer stands, and nothing is booked.
  SELECT a.ord, i.request_hash, i.answer::text AS answer
  FROM asked a JOIN idempotency i ON i.caller = a.booked_by AND i.key = a.idem_key
), theirs AS MATERIALIZED (
  -- What each person has at whatever hall. Read without a lock: a race for it fails at `turned`,
  -- and the whole statement runs again.
  SELECT a.ord, count(*) FILTER (WHERE x.live AND x.item_code = a.item_code
      AND x.on_date = a.on_date) AS same,
    count(*) FILTER (WHERE x.live AND x.stands AND x.starts_at < a.starts_at
      + make_interval(mins => a.minutes) AND x.ends_at > a.starts_at) AS overlapping,
    count(*) FILTER (WHERE x.stands AND x.on_date = a.on_date) AS on_day,
    count(*) FILTER (WHERE x.stands AND date_trunc('week', x.on_date::timestamp)
      = date_trunc('week', a.on_date::timestamp)) AS in_week,
    count(*) FILTER (WHERE x.stands AND date_trunc('month', x.on_date::timestamp)
      = date_trunc('month', a.on_date::timestamp)) AS in_month,
    count(*) FILTER (WHERE x.live AND x.stands) AS open
  FROM asked a JOIN who w USING (ord) CROSS JOIN LATERAL (
    SELECT x.item_code, x.on_date, x.starts_at, x.state IN ({_LIVE}) AS live,
      x.starts_at + make_interval(mins => x.minutes) AS ends_at,
      -- A hold that ran out is over, though no job has ended it yet.
      x.expires_at IS NULL OR x.expires_at > $1 AS stands
    FROM appointment x WHERE {same_person("x", "w")} AND x.state IN ({_HOLDING})
  ) x GROUP BY a.ord
), refused AS MATERIALIZED (
  -- By penalty, by what the person has, or by the caps of the hall that is booked.
  -- Who was named before in this call comes again: one does not see what the other gets.
  SELECT a.ord, CASE WHEN a.ord IN (
      SELECT ord FROM (SELECT ord, row_number() OVER (PARTITION BY key ORDER BY ord) AS place
        FROM named) n WHERE place > 1
    ) THEN 'again' WHEN EXISTS (
      SELECT FROM penalty p WHERE {same_person("p", "w", apart=True)} AND p.hall_code = a.hall_code
        AND p.blocked_until > $1 AND p.lifted_at IS NULL
    ) THEN 'barred' WHEN t.same > 0 THEN 'capped' WHEN t.overlapping > 0 THEN 'overlapping'
    WHEN t.on_day >= a.cap_per_day OR t.in_week >= a.cap_per_week
      OR t.in_month >= a.cap_per_month OR t.open >= a.cap_open_at_once
      THEN 'over_cap' END AS reason
  FROM asked a JOIN who w USING (ord) LEFT JOIN theirs t USING (ord)
), ranked AS (
  -- For each slot, who comes first; a slot that is not locked has no room.
  SELECT w.ord, w.slot_id, coalesce(l.room, 0) AS room,
         row_number() OVER (PARTITION BY w.slot_id ORDER BY w.ord) AS place
  FROM wanted w
  JOIN refused r ON r.ord = w.ord AND r.reason IS NULL
  LEFT JOIN locked l ON l.id = w.slot_id
  WHERE NOT EXISTS (SELECT FROM known k WHERE k.ord = w.ord)
), granted AS MATERIALIZED (
  -- All its slots, or none.
  SELECT ord FROM ranked GROUP BY ord HAVING bool_and(place <= room)
), taken AS MATERIALIZED (
  -- Summed, since an UPDATE changes a row once however often it is joined.
  SELECT w.slot_id, count(*) AS places FROM wanted w JOIN granted USING (ord) GROUP BY w.slot_id
), turned AS (
  -- The next turn of each person, in one order, so that two processes never wait crosswise. Where
  -- somebody took it since this statement began, `turn` would be NULL, which the column refuses:
  -- the whole statement then runs again and sees what the other did.
  INSERT INTO booking_turn AS b (key, turn)
  SELECT n.key, coalesce(seen.turn, 0) + 1 FROM named n JOIN granted USING (ord)
  LEFT JOIN booking_turn seen ON seen.key = n.key ORDER BY 1
  ON CONFLICT (key) DO UPDATE
    SET turn = CASE WHEN b.turn + 1 = excluded.turn THEN excluded.turn END
), raised AS (
  -- The CHECK booked_within_capacity would refuse a place too many, were this ever wrong.
  UPDATE slot SET booked = booked + t.places FROM taken t WHERE slot.id = t.slot_id
), held AS (
  INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key, booked_by, on_date,
    starts_at, minutes, state, version, guide_version, policy_version, held_at, expires_at,
    changed_at, person_document, person_phone, name_sealed, phone_sealed)
  SELECT a.id, a.code, a.hall_code, a.item_code, a.pool, a.citizen_key, a.booked_by, a.on_date,
    a.starts_at, a.minutes, {_STARTS}, 1, a.guide_version, a.policy_version, $1, a.expires_at, $1,
    w.document, w.phone, a.own_name_sealed, a.own_phone_sealed
  FROM asked a JOIN granted USING (ord) JOIN who w USING (ord)
), placed AS (
  INSERT INTO appointment_slot (appointment_id, slot_id)
  SELECT a.id, w.slot_id FROM asked a JOIN granted USING (ord) JOIN wanted w USING (ord)
), promised AS (
  -- The event in the outbox: committed with the place, or not at all.
  INSERT INTO outbox (event_id, subject, body, traceparent)
  SELECT a.event_id, a.event_subject, a.event_body, a.traceparent
  FROM asked a JOIN granted USING (ord)
), answered AS (
  -- Under the key of the request, so that a repeat finds it in `known`. Plain and not sealed: an
  -- appointment as its owner sees it names nobody, and sealing costs more than this statement.
  INSERT INTO idempotency (caller, key, route, request_hash, status, answer)
  SELECT a.booked_by, a.idem_key, a.idem_route, a.idem_hash, 201, a.answer::jsonb
  FROM asked a JOIN granted USING (ord) WHERE a.idem_key IS NOT NULL
), met AS (
  -- The contact of who has no account. DISTINCT, for one INSERT may not meet a key twice.
  INSERT INTO citizen (key, name_sealed, phone_sealed, id_number_sealed, updated_at)
  SELECT DISTINCT ON (a.citizen_key)
    a.citizen_key, a.name_sealed, a.phone_sealed, a.id_number_sealed, $1
  FROM asked a JOIN granted USING (ord) WHERE a.name_sealed IS NOT NULL
  ORDER BY a.citizen_key
  ON CONFLICT (key) DO UPDATE SET name_sealed = excluded.name_sealed,
    phone_sealed = excluded.phone_sealed, updated_at = excluded.updated_at,
    id_number_sealed = coalesce(excluded.id_number_sealed, citizen.id_number_sealed)
)
SELECT CASE WHEN g.ord IS NOT NULL THEN 'held' WHEN k.ord IS NOT NULL THEN 'known'
            ELSE coalesce(r.reason, 'full') END AS outcome,
  k.answer, k.request_hash,
  g.ord IS NULL AND NOT EXISTS (
    SELECT FROM wanted w LEFT JOIN locked l ON l.id = w.slot_id
    LEFT JOIN taken t ON t.slot_id = w.slot_id
    WHERE w.ord = a.ord AND coalesce(l.room, 0) - coalesce(t.places, 0) < 1
  ) AS room_left
FROM asked a JOIN refused r USING (ord)
LEFT JOIN granted g USING (ord) LEFT JOIN known k USING (ord)
ORDER BY a.ord
"""
"""Books a row each for any number of requests at once, in one round trip.

Locks the wanted slots that have room, in id order, and gives their places to the requests in order
of arrival; a request gets all its slots or none. `booked` rises, and the appointment, its event,
its answer under the caller's key and the person's contact are written, only for a request that was
granted. A second process that wins a race for the same person or key makes `booking_turn` or a
unique index fail, and with it the whole statement: it is then simply run again, and sees what the
other did. Of several requests of one person in a call the first counts; the others come again.
"""


async def hold(
    direct: DirectPool, drafts: Sequence[Draft], slots: Sequence[Sequence[UUID]], now: datetime
) -> list[HoldRow]:
    """The outcome of each draft, in order."""
    columns = list(zip(*drafts, strict=True))
    places = [(ord_, slot) for ord_, row in enumerate(slots, 1) for slot in row]
    rows = await direct.fetch(
        HOLD, now, *columns, [ord_ for ord_, _ in places], [slot for _, slot in places]
    )
    return [HoldRow(BookingOutcome(row[0]), *row[1:]) for row in map(tuple, rows)]


_WITHDRAWN = WORKFLOW.of(AppointmentAction.WITHDRAW)
"""A hold that loses its time is over, a confirmed appointment waits for another."""
_RESUPPORTED = WORKFLOW.of(AppointmentAction.RESUPPORT)

# Locked already by whoever gives out the places anew (`_CLAIMANTS`), as are their slots.
_LOSING = text(f"""
UPDATE appointment SET
  state = {target(_WITHDRAWN)},
  version = version + 1, expires_at = NULL, changed_at = :now
WHERE state IN ({sources(_WITHDRAWN)}) AND id = ANY(:ids)
RETURNING appointment.*
""")

_REGAINING = text(f"""
UPDATE appointment SET state = {target(_RESUPPORTED)}, version = version + 1, changed_at = :now,
  regained_at = :now
WHERE state IN ({sources(_RESUPPORTED)}) AND id = ANY(:ids)
RETURNING appointment.*
""")


async def changed(
    session: AsyncSession, statement: TextClause, **values: Any
) -> Sequence[Appointment]:
    """The appointments as the statement leaves them."""
    rows, fresh = select(Appointment).from_statement(statement), {"populate_existing": True}
    return (await session.scalars(rows, values, execution_options=fresh)).all()


async def lose_time(
    session: AsyncSession, ids: Iterable[UUID], now: datetime
) -> Sequence[Appointment]:
    """Orphans the confirmed, and ends the unconfirmed, of these appointments."""
    return await changed(session, _LOSING, ids=list(ids), now=now)


async def regain_time(
    session: AsyncSession, ids: Iterable[UUID], now: datetime
) -> Sequence[Appointment]:
    """Confirms those of these appointments again that had lost their time."""
    return await changed(session, _REGAINING, ids=list(ids), now=now)


# As `answered` of the booking statement.
_ANSWER = """
INSERT INTO idempotency (caller, key, route, request_hash, status, answer)
VALUES (:caller, :key, :route, :request_hash, 201, CAST(:answer AS jsonb))
"""
_KNOWN = "SELECT request_hash, answer::text FROM idempotency WHERE caller = $1 AND key = $2"


def store_answer(statement: SwapStatement, claim: Claim, answer: str) -> None:
    """Keeps the answer, which names nobody, with what the statement does."""
    kept = {"caller": claim.caller, "key": claim.key, "route": claim.route}
    statement.also(_ANSWER, **kept, request_hash=claim.request_hash, answer=answer)


async def known_answer(direct: DirectPool, claim: Claim) -> str | None:
    """What the same request was answered before. Raises KeyReused if it was another one."""
    row = await direct.fetchrow(_KNOWN, claim.caller, claim.key)
    if row is None:
        return None
    if row[0] != claim.request_hash:
        raise KeyReused
    return str(row[1])
