"""`python -m tests.benchmarks.booking`: bookings over many slots, and of one hot slot.

The endpoint (one process of the service as it is deployed: token, rules, idempotency key, event)
against pgbench, prepared, with a single-row statement that writes the same rows, on the same
server, in turn, in one run. Also what a refusal costs, against a route that asks no database.
"""

import asyncio
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import NamedTuple, cast
from uuid import UUID, uuid4

import asyncpg
import uvloop

from deploy import streams
from deploy.local import postgres
from shared.clock import now
from tests import support
from tests.appointments import offices
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import Clock
from tests.benchmarks.call_next import start
from tests.support import Databases, Tokens

CLIENTS, PEOPLE, DAYS, ROUNDS, BOOKINGS = 64, 64, 400, 3, 6400
PGBENCH_CLIENTS, PGBENCH_SECONDS = 32, 3
REFUSALS = 6400
UNIFORM_GOAL, HOT_GOAL, REFUSAL_GOAL = 0.45, 3.0, 0.9
_TPS = re.compile(r"tps = ([\d.]+)")

SINGLE_ROW = """
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
)
INSERT INTO outbox (event_id, subject, body)
SELECT uuidv7(), 'appointments.appointment.held.v1.H', '{event}' FROM held
""".strip()


class Speeds(NamedTuple):
    """Requests or statements a second, of one round."""

    uniform: float
    uniform_bare: float
    hot: float
    hot_bare: float
    refusal: float
    no_database: float


def slot_id(number: int) -> UUID:
    """Slots have ids that pgbench can compute."""
    return UUID(int=number)


class Client(asyncio.Protocol):
    """Sends a request, reads the answer, sends the next; little else, for it shares the machine."""

    def __init__(self, requests: Iterator[bytes], expected: int) -> None:
        self.requests, self.expected = requests, b"HTTP/1.1 %d" % expected
        self.done = asyncio.get_running_loop().create_future()
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.next()

    def next(self) -> None:
        self.read = b""
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, _, body = self.read.partition(b"\r\n\r\n")
        place = head.find(b"content-length: ") + 16
        if len(body) < int(head[place : head.find(b"\r", place)] or 1):
            return
        if not head.startswith(self.expected) and not self.done.done():
            self.done.set_exception(AssertionError(self.read))
            self.transport.close()
        else:
            self.next()


class Bench:
    """A service, its database, and as many clients as there are people."""

    def __init__(self, owner: asyncpg.Connection, url: str, port: int, tokens: Tokens) -> None:
        self.owner, self.url, self.port = owner, url, port
        self.tokens = [tokens("citizen", sub=f"person-{n}") for n in range(PEOPLE)]
        self.clerk = tokens
        self.office: Office | None = None
        self.items: list[str] = []
        self.hall = ""

    async def prepare(self) -> None:
        """A slot a day and person, and one hot slot; nothing booked."""
        await self.owner.execute(
            "TRUNCATE appointment_slot, appointment, slot, idempotency, outbox, penalty CASCADE"
        )
        # One hall for all rounds: the service remembers for a while what each slot is for.
        self.office = office = self.office or await offices.build(
            None,  # type: ignore[arg-type]
            lambda *_: {},
            self.owner,
            Clock(),
            items=BOOKINGS // PEOPLE + 1,
        )
        self.hall, self.items = office.code, office.items
        first = date.today() + timedelta(days=2)  # noqa: DTZ011
        for number in range(1, DAYS + 1):
            day = first + timedelta(days=number % 200)
            begins = datetime(day.year, day.month, day.day, 1, number // 200, tzinfo=UTC)
            await office.slot(begins, 1000, id=slot_id(number), rule_code=f"R{number}")
        hot = datetime(first.year, first.month, first.day, 3, tzinfo=UTC)
        await office.slot(hot, 1_000_000, id=slot_id(9999), rule_code="HOT")
        await office.slot(hot, 1, id=slot_id(9998), rule_code="FULL", booked=1)
        await self.owner.execute("VACUUM ANALYZE")

    async def clients(self, requests: list[bytes], expected: int) -> float:
        """Answers a second: each client sends the next request when it has the last answer."""
        waiting = iter(requests)
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        made = [
            await loop.create_connection(lambda: Client(waiting, expected), "127.0.0.1", self.port)
            for _ in range(CLIENTS)
        ]
        await asyncio.gather(*(client.done for _, client in made))
        return len(requests) / (time.perf_counter() - started)

    def booking(self, number: int, slot: UUID, item: str, *, keyed: bool = True) -> bytes:
        """The request of a person who books; nobody asks twice for one item and day."""
        body = json.dumps({"slot_ids": [str(slot)], "item": item}).encode()
        key = f"Idempotency-Key: {uuid4().hex}\r\n" if keyed else ""
        return (
            "POST /api/v1/appointments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.tokens[number % PEOPLE]}\r\n{key}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    async def uniform(self) -> float:
        """Every booking in another slot than the one before."""
        wishes = [
            self.booking(n, slot_id(n * 7 % DAYS + 1), self.items[n // PEOPLE])
            for n in range(BOOKINGS)
        ]
        return await self.clients(wishes, 201)

    async def hot(self) -> float:
        """Every booking in the same slot: each person books each item once."""
        wishes = [self.booking(n, slot_id(9999), self.items[n // PEOPLE]) for n in range(BOOKINGS)]
        return await self.clients(wishes, 201)

    async def refusal(self) -> float:
        """Everybody wants the one place that is gone."""
        wish = [self.booking(n, slot_id(9998), self.items[0], keyed=False) for n in range(PEOPLE)]
        return await self.clients(wish * (REFUSALS // PEOPLE), 409)

    async def no_database(self) -> float:
        """The same route, refused by the rules before any statement: nobody handles that item."""
        wish = [self.booking(n, slot_id(9998), "NO-SUCH", keyed=False) for n in range(PEOPLE)]
        return await self.clients(wish * (REFUSALS // PEOPLE), 422)

    async def pgbench(self, slot: str) -> float:
        """Single-row bookings a second."""
        event = json.dumps({"data": "x" * 500})
        answer = json.dumps({"code": "x" * 300})
        statement = SINGLE_ROW.format(slot=slot, event=event, answer=answer)
        script = f"\\set n random(1, {DAYS})\n{' '.join(statement.split())};\n"
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            options = ["-n", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", "2"]
            timed = ["-T", str(PGBENCH_SECONDS), "-f", file.name, self.url]
            command = [str(postgres.program("pgbench")), *options, *timed]
            ran = await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, check=False
            )
        found = _TPS.search(ran.stdout) if ran.returncode == 0 else None
        assert found, ran.stdout + ran.stderr
        return float(found[1])

    async def check(self) -> None:
        """No slot over its capacity, every count the number of its appointments."""
        wrong = await self.owner.fetchval(
            "SELECT count(*) FROM slot s WHERE s.id <> $1 AND booked <>"
            " (SELECT count(*) FROM appointment_slot x WHERE x.slot_id = s.id)",
            slot_id(9998),
        )
        events = await self.owner.fetchval("SELECT count(*) FROM outbox")
        booked = await self.owner.fetchval("SELECT count(*) FROM appointment")
        assert (wrong, events) == (0, booked), (wrong, events, booked)

    async def round(self) -> Speeds:
        return Speeds(
            uniform=await self.fresh(self.uniform),
            uniform_bare=await self.fresh(
                lambda: self.pgbench("lpad(to_hex(:n::int), 32, '0')::uuid")
            ),
            hot=await self.fresh(self.hot),
            hot_bare=await self.fresh(lambda: self.pgbench(f"'{slot_id(9999)}'::uuid")),
            refusal=await self.fresh(self.refusal),
            no_database=await self.no_database(),
        )

    async def fresh(self, measure: Callable[[], Awaitable[float]]) -> float:
        """The measure on empty tables, and nothing wrong in them afterwards."""
        await self.prepare()
        speed = await measure()
        await self.check()
        return speed


async def measure() -> list[Speeds]:
    with (
        support.postgres_server() as pg,
        support.nats_server() as nats,
        support.private_folder() as folder,
    ):
        tokens, urls = Tokens(folder), Databases(pg).urls("appointments")
        await streams.apply(nats.admin_url)
        owner = await support.connect(urls.owner)
        await owner.execute("ALTER TABLE slot DROP CONSTRAINT ck_slot_capacity_is_sane")
        port = 20000 + uuid4().int % 20000
        service = await start(urls.service, nats, tokens, port)
        try:
            bench = Bench(owner, urls.service, port, tokens)
            return [await bench.round() for _ in range(ROUNDS)]
        finally:
            service.terminate()
            service.wait()
            await owner.close()


def show(name: str, pairs: list[tuple[float, float]], goal: float) -> None:
    ours, bare = median(one for one, _ in pairs), median(other for _, other in pairs)
    ratio = median(one / other for one, other in pairs)
    print(f"{name} {ours:.0f}/s against {bare:.0f}/s: {ratio:.2f} (goal >= {goal})")


async def main() -> None:
    print(f"{now():%F} booking: {CLIENTS} clients, {BOOKINGS} bookings x {ROUNDS} rounds, medians")
    rounds = await measure()
    single = "endpoint against pgbench, single row,"
    show(f"many slots: {single}", [(r.uniform, r.uniform_bare) for r in rounds], UNIFORM_GOAL)
    show(f"one hot slot: {single}", [(r.hot, r.hot_bare) for r in rounds], HOT_GOAL)
    bare = "refusal against the route without database,"
    show(f"full slot: {bare}", [(r.refusal, r.no_database) for r in rounds], REFUSAL_GOAL)
    print("no slot over its capacity, every count equal to its appointments")


if __name__ == "__main__":
    uvloop.run(main())
