"""The hall that the benchmarks book at, ours and the peer's, and the same statements bare."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from tests.appointments import offices
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import Clock
from tests.benchmarks import pgbench
from tests.benchmarks.day_people import request
from tests.benchmarks.load import ID, Step
from tests.benchmarks.peers.booking import SCHEMA

SLOTS, BESIDE = 400, 1000
"""As many slots, which nobody fills."""
HOT, FULL = 9999, 9998
BEFORE = 10_000
"""Appointments of other people, long served: on empty tables the planner would read all rows, and
what it has decided stays with the connections while a benchmark fills them."""
EMPTIED = "TRUNCATE appointment_slot, appointment, slot, idempotency, outbox CASCADE"
"""Not deleted: each row would be looked for in all tables that refer to it."""
SERVED_BEFORE = f"""
INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key, booked_by, on_date,
  starts_at, minutes, state, version, guide_version, policy_version, held_at, changed_at)
SELECT uuidv7(), 'BEFORE' || n, $1, $2, 'online', 'before-' || n, 'before', current_date - 9, at,
  30, 'served', 4, 1, 0, at, at
FROM generate_series(1, {BEFORE}) n, LATERAL (SELECT now() - make_interval(days => 9) AS at) a
"""
SERVED_BEFORE_AT_PEER = f"""
INSERT INTO appointment
SELECT uuidv7(), 'BEFORE' || n, 'before-' || n, $1, $2, 'online', current_date - 9, at, 30, '[]',
  'served', 4, at, NULL, at
FROM generate_series(1, {BEFORE}) n, LATERAL (SELECT now() - make_interval(days => 9) AS at) a
"""
ANSWERED_BEFORE = f"""
INSERT INTO idempotency (caller, key, {{route}} request_hash, status, answer)
SELECT 'before', n::text, {{value}} repeat('0', 64), 201, '{{{{}}}}'
FROM generate_series(1, {BEFORE}) n
"""

HELD = """
WITH taken AS (
  UPDATE slot SET booked = booked + 1
  WHERE id = {slot} AND state = 'open' AND closes_at > now() AND booked < capacity
  RETURNING id, hall_code, pool, starts_at, minutes, on_date
), held AS (
  INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key, booked_by, on_date,
    starts_at, minutes, state, version, guide_version, policy_version, held_at, expires_at,
    changed_at)
  SELECT uuidv7(), upper(substr(md5(random()::text), 1, 16)), hall_code, 'ITEM', pool,
    'sub:' || gen_random_uuid(), 'pgbench', on_date, starts_at, minutes, 'held', 1, 1, 0, now(),
    now() + interval '5 min', now()
  FROM taken RETURNING id
), placed AS (
  INSERT INTO appointment_slot (appointment_id, slot_id) SELECT held.id, taken.id FROM held, taken
), answered AS (
  INSERT INTO idempotency (caller, key, route, request_hash, status, answer)
  SELECT 'pgbench', id::text, 'POST /api/v1/appointments', repeat('0', 64), 201, '{answer}'
  FROM held
), promised AS (
  INSERT INTO outbox (event_id, subject, body)
  SELECT uuidv7(), 'appointments.appointment.held.v1.H', '{event}' FROM held
)
SELECT id AS held FROM held"""
SEEN = """
SELECT a.*, array_agg(s.starts_at) FROM appointment a
JOIN appointment_slot x ON x.appointment_id = a.id JOIN slot s ON s.id = x.slot_id
WHERE a.id = :held::uuid GROUP BY a.id"""
CONFIRMED = """
WITH swapped AS (
  UPDATE appointment SET state = 'confirmed', version = version + 1, expires_at = NULL,
    changed_at = now()
  WHERE id = :held::uuid AND version = 1 AND state = 'held' RETURNING id
), answered AS (
  INSERT INTO idempotency (caller, key, route, request_hash, status, answer)
  SELECT 'pgbench', 'confirm ' || id, 'POST', repeat('0', 64), 200, '{answer}' FROM swapped
)
INSERT INTO outbox (event_id, subject, body)
SELECT uuidv7(), 'appointments.appointment.confirmed.v1.H', '{event}' FROM swapped"""


def slot_id(number: int) -> UUID:
    """Slots have ids that pgbench can compute."""
    return UUID(int=number)


ANY = "lpad(to_hex(:n::int), 32, '0')::uuid"
"""In SQL: the slot of pgbench's random number `n`."""


def script(slot: str = ANY, *, confirm: bool = False) -> str:
    """A booking for pgbench: held, and where asked for confirmed as well."""
    given = {"event": json.dumps({"data": "x" * 500}), "answer": json.dumps({"code": "x" * 300})}
    held = pgbench.one_line(HELD.format(slot=slot, **given))
    lines = [rf"\set n random(1, {SLOTS})", f"{held};"]
    if confirm:
        lines[1:] = [
            rf"{held} \gset",
            f"{pgbench.one_line(SEEN)};",
            f"{pgbench.one_line(CONFIRMED.format(**given))};",
        ]
    return "\n".join(lines) + "\n"


class Hall:
    """One hall for all rounds, because the service remembers what each slot is for."""

    def __init__(self, owner: asyncpg.Connection, peer: asyncpg.Connection | None = None) -> None:
        self.owner, self.peer = owner, peer
        self.item = ""
        self._office: Office | None = None

    async def prepare(self) -> None:
        """Slots that nobody fills, a hot one, and a full one; nobody of ours has booked."""
        office = self._office = self._office or await self._build()
        await self.owner.execute(EMPTIED)
        await self.owner.execute(SERVED_BEFORE, office.code, office.items[0])
        await self.owner.execute(ANSWERED_BEFORE.format(route="route,", value="'POST',"))
        self.item = office.items[0]
        first = date.today() + timedelta(days=2)  # noqa: DTZ011
        for number in (*range(1, SLOTS + 1), HOT, FULL):
            day = first + timedelta(days=number % 200)
            begins = datetime(day.year, day.month, day.day, 1 + number // 200 % 8, tzinfo=UTC)
            if number == FULL:
                # A time of its own: at that of others somebody would be given their places.
                begins += timedelta(minutes=45)
            most = {HOT: 1_000_000, FULL: 1}.get(number, BESIDE)
            booked = int(number == FULL)
            await office.slot(
                begins, most, id=slot_id(number), rule_code=f"R{number}", booked=booked
            )
        await self.owner.execute("VACUUM ANALYZE")
        if self.peer is not None:
            await self._copy(self.peer, office)

    async def _build(self) -> Office:
        # pgbench books more in a few seconds than anybody may put on sale.
        await self.owner.execute("ALTER TABLE slot DROP CONSTRAINT ck_slot_capacity_from_none")
        sign = dict[str, str]
        if self.peer is not None:
            await self.peer.execute(SCHEMA)
        return await offices.build(
            None,  # type: ignore[arg-type]
            lambda *_, **__: sign(),
            self.owner,
            Clock(),
            items=1,
        )

    async def _copy(self, peer: asyncpg.Connection, office: Office) -> None:
        """The same slots for the peer."""
        await peer.execute(EMPTIED)
        await peer.execute(SERVED_BEFORE_AT_PEER, office.code, office.items[0])
        await peer.execute(ANSWERED_BEFORE.format(route="", value=""))
        columns = "id, hall_code, pool, item_codes, starts_at, minutes, closes_at, capacity, booked"
        rows = await self.owner.fetch(f"SELECT {columns} FROM slot")
        names = columns.split(", ")
        await peer.copy_records_to_table("slot", records=map(tuple, rows), columns=names)
        await peer.execute("VACUUM ANALYZE")

    async def check(self) -> int:
        """Places given over a slot's capacity. Raises AssertionError where a count is not that of
        the appointments, or an event is missing."""
        wrong = await self.owner.fetchval(
            "SELECT count(*) FROM slot s WHERE s.id <> $1 AND booked <>"
            " (SELECT count(*) FROM appointment_slot x WHERE x.slot_id = s.id)",
            slot_id(FULL),
        )
        [(booked, events, over)] = await self.owner.fetch(
            "SELECT (SELECT sum(version) FROM appointment WHERE booked_by <> 'before'),"
            " (SELECT count(*) FROM outbox"
            " WHERE subject LIKE 'appointments.appointment.%'),"
            " (SELECT coalesce(sum(greatest(booked - capacity, 0)), 0) FROM slot)"
        )
        assert (wrong, events) == (0, booked or 0), (wrong, events, booked)
        return int(over)


def hold(token: str, slot: UUID, item: str, *, good: int = 201) -> Step:
    """The request of somebody who books."""
    body = {"slot_ids": [str(slot)], "item_code": item}
    asked = request("hold", "POST", "/api/v1/appointments", token, body, key=good == 201)
    return Step(asked.wire, good)


def confirm(token: str, appointment: str = ID) -> Step:
    path = f"/api/v1/appointments/{appointment}/confirm"
    return Step(request("confirm", "POST", path, token, key=True).wire, 200)


def bookings(tokens: Sequence[str], item: str) -> list[list[Step]]:
    """Hold and confirmation, of everybody, each in another slot than the one before."""
    return [
        [hold(token, slot_id(n * 7 % SLOTS + 1), item), confirm(token)]
        for n, token in enumerate(tokens)
    ]


def unknown(token: str) -> Step:
    """What costs nothing but that the token becomes known, as it is of anybody who looked for free
    times before."""
    path = f"/api/v1/appointments/{uuid4().hex[:10]}"
    return Step(request("unknown", "GET", path, token).wire, 404)
