"""Transactional outbox: an event is a row until the relay has published it.

`record` writes the event in the caller's transaction. `Relay` publishes committed rows to
JetStream, many in flight, and marks them published; they stay for the age of the streams, so that
a wiped JetStream can be filled again. Delivery is at least once: `Nats-Msg-Id` lets JetStream drop
a repeat inside its duplicate window, and every subscription keeps an inbox.

What is about one subject stands in the stream in the order in which it was recorded, whoever
publishes it: the relays of a service's processes take turns, and in a batch an event is sent when
the one before it about the same subject has arrived.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import clock
from shared.database.deciding import DecidingSession, write_rows
from shared.database.engine import ensure_transaction
from shared.database.pieces import Piece
from shared.database.swap_statement import SwapStatement
from shared.ids import new_id
from shared.messaging.bus import Bus
from shared.messaging.events import CONTENT_TYPE, Event, attributes
from shared.observability import telemetry

BATCH = 500
IN_FLIGHT = 32
PUBLISH_SECONDS = 5

log = structlog.get_logger()

_SCOPE = re.compile(r"^[A-Za-z0-9_-]+$")
_SUBJECT = re.compile(rb'"subject": ?"([^"]*)"')
"""Of an envelope as it was written, here or by a statement that put it together."""

PROMISE = (
    "INSERT INTO outbox (event_id, subject, body, traceparent)"
    " SELECT * FROM unnest(CAST(:event_ids AS uuid[]), CAST(:subjects AS text[]),"
    " CAST(:bodies AS bytea[]), CAST(:traceparents AS text[]))"
)
_PROMISE_IF = (
    "INSERT INTO outbox (event_id, subject, body, traceparent)"
    " SELECT CAST(:event_id AS uuid), CAST(:subject AS text), CAST(:body AS bytea),"
    " CAST(:traceparent AS text) FROM "
)
_COLUMNS = ("event_ids", "subjects", "bodies", "traceparents")
_RECORD_MANY = text(PROMISE)
_WAITING = text(
    # The turn is over with the transaction. Rows that the relay before marked meanwhile are left
    # out although this snapshot is older: locking a row looks at it again.
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('relay', 12)))"
    " SELECT position, event_id, subject, body, traceparent FROM outbox"
    " WHERE (SELECT count(*) FROM turn) = 1 AND published_at IS NULL"
    " ORDER BY position LIMIT :batch FOR UPDATE SKIP LOCKED"
)
_PUBLISHED = text("UPDATE outbox SET published_at = now() WHERE position = ANY(:positions)")
_DEPTH = text(
    "SELECT count(*), coalesce(extract(epoch FROM now() - min(recorded_at)), 0)"
    " FROM outbox WHERE published_at IS NULL"
)


class OutboxRow(NamedTuple):
    """What `INSERT INTO outbox (event_id, subject, body, traceparent)` takes, in that order."""

    event_id: UUID
    subject: str
    body: bytes
    traceparent: str | None


def row(event: Event, *, scope: str = "_", subject: str | None = None) -> OutboxRow:
    """The outbox row of `event`, for statements that insert it themselves.

    `scope` is the hall or department code that the event belongs to, `_` when none.
    """
    if not _SCOPE.match(scope):
        raise ValueError(f"not a subject token: {scope!r}")
    traceparent = telemetry.traceparent()
    event_id = new_id()
    about = attributes(event, event_id, clock.now(), subject=subject, traceparent=traceparent)
    # The data keep what is null: unknown is a value, and the schema requires that it is there.
    body = orjson.dumps({**about, "data": event.model_dump(mode="json")})
    return OutboxRow(event_id, f"{event.type}.{scope}", body, traceparent)


async def record(
    session: AsyncSession, event: Event, *, scope: str = "_", subject: str | None = None
) -> UUID:
    """Promise `event` to the bus, if and only if the caller's transaction commits, or what it
    decides is written.

    Returns the event's id.
    """
    promised = row(event, scope=scope, subject=subject)
    await _promise(session, [promised])
    return promised.event_id


async def _promise(session: AsyncSession, rows: Sequence[OutboxRow]) -> None:
    if not isinstance(session, DecidingSession):
        ensure_transaction(session)
    await write_rows(session, _RECORD_MANY, [_named(one) for one in rows])


def _named(one: OutboxRow) -> dict[str, Any]:
    return dict(zip(_COLUMNS, one, strict=True))


class Addressed(NamedTuple):
    """An event, the code of the hall or department it belongs to, the id of what it is about."""

    event: Event
    scope: str
    subject: str


def promise(statement: SwapStatement, *events: Addressed) -> None:
    """Promise these events to the bus, in their order, if and only if `statement` is written."""
    for each in events:
        promised = row(each.event, scope=each.scope, subject=each.subject)
        statement.each(PROMISE, **_named(promised))


def part(known: str, each: Addressed) -> Piece:
    """Promises an event as a part of a statement, where its part `known` has a row."""
    promised = row(each.event, scope=each.scope, subject=each.subject)
    return Piece(f"{_PROMISE_IF}{known}", promised._asdict(), "promised")


class WaitingRow(NamedTuple):
    """A row that is not published yet."""

    position: int
    event_id: UUID
    subject: str
    body: bytes
    traceparent: str | None


def _about(waiting: WaitingRow) -> bytes:
    """What the event is about: its `subject`, or itself where it names none."""
    found = _SUBJECT.search(waiting.body)
    return found[1] if found else waiting.event_id.bytes


class HeldBack(Exception):
    """An earlier event about the same subject did not arrive: this one waits for it."""


async def record_many(session: AsyncSession, events: Iterable[Addressed]) -> None:
    """The same of many events, in their order."""
    rows = [row(each.event, scope=each.scope, subject=each.subject) for each in events]
    if rows:
        await _promise(session, rows)


class Relay:
    """Publishes the outbox: `wake` it after a commit; its poll finds what a crash left behind."""

    def __init__(self, engine: AsyncEngine, bus: Bus, *, poll_seconds: float) -> None:
        self._engine, self._bus, self._poll_seconds = engine, bus, poll_seconds
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; an outage of either server is logged and tried again."""
        while True:
            self._woken.clear()
            try:
                await self._bus.connected()
                while await self.publish_batch() == BATCH:
                    pass
            except Exception as error:
                log.warning("outbox_publish_failed", error=repr(error))
            # Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes with a wake.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._woken.wait()

    async def publish_batch(self) -> int:
        """Publish up to BATCH rows, oldest first; returns how many were published.

        Meanwhile other relays wait; what failed stays waiting, with all that came later about the
        same subject, and the first failure is raised after the others are marked.
        """
        async with self._engine.begin() as connection:
            found = await connection.execute(_WAITING, {"batch": BATCH})
            rows = [WaitingRow(*each) for each in found]
            if not rows:
                return 0
            async with asyncio.timeout(PUBLISH_SECONDS + 3):
                outcomes = await self._publish_all(rows)
            sent = [r.position for r, o in zip(rows, outcomes, strict=True) if o is None]
            if sent:
                await connection.execute(_PUBLISHED, {"positions": sent})
        failure = next((o for o in outcomes if o is not None), None)
        if failure is not None:
            raise failure
        return len(sent)

    async def _publish_all(self, rows: Sequence[WaitingRow]) -> list[BaseException | None]:
        """How each went: None where it arrived."""
        free = asyncio.Semaphore(IN_FLIGHT)
        last: dict[bytes, asyncio.Task[None]] = {}
        sent = []
        for waiting in rows:
            about = _about(waiting)
            task = asyncio.create_task(self._publish(waiting, free, last.get(about)))
            last[about] = task
            sent.append(task)
        return await asyncio.gather(*sent, return_exceptions=True)

    async def _publish(
        self, waiting: WaitingRow, free: asyncio.Semaphore, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
            if before.cancelled() or before.exception() is not None:
                raise HeldBack
        headers = {"Nats-Msg-Id": str(waiting.event_id), "Content-Type": CONTENT_TYPE}
        if waiting.traceparent:
            headers["traceparent"] = waiting.traceparent
        async with free, asyncio.timeout(PUBLISH_SECONDS):
            await self._bus.js.publish(
                waiting.subject, waiting.body, timeout=PUBLISH_SECONDS, headers=headers
            )

    async def depth(self) -> tuple[int, float]:
        """How many rows wait, and the age of the oldest in seconds."""
        async with self._engine.connect() as connection:
            count, age = (await connection.execute(_DEPTH)).one()
        return int(count), float(age)
