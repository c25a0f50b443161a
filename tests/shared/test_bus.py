"""From a committed row to a handled event, whatever fails between."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import nats
import pytest

from deploy import streams
from deploy.local import nats as local_nats
from deploy.local.nats import NatsServer
from shared.ids import new_id
from shared.messaging import bus
from shared.messaging.events import Envelope
from shared.messaging.pull_consumer import Puller, PullRefused
from tests import support
from tests.conftest import Headers
from tests.shared import notes
from tests.shared.conftest import running
from tests.shared.notes import NoteWritten
from tests.support import eventually

WAITING = 'consumer_waiting{subscription="test-notes"}'
SUBJECT = f"{NoteWritten.type}.D01"


async def _seen(rows: asyncpg.Connection, words: str) -> int:
    count = "SELECT count(*) FROM audit_log WHERE action = $1"
    return int(await rows.fetchval(count, f"seen:{words}"))


async def test_a_committed_event_is_handled_once_in_the_other_transaction(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    words = uuid4().hex[:12]
    await house.post("/api/v1/notes", json={"words": words}, headers=as_("citizen"))
    await eventually(lambda: _seen(rows, words))
    question = """
        SELECT * FROM outbox
        WHERE body LIKE '%' || $1::bytea || '%' AND published_at IS NOT NULL
    """
    published = await eventually(lambda: rows.fetchrow(question, words.encode()))
    assert published["subject"] == SUBJECT
    assert b'"specversion":"1.0"' in published["body"]


async def test_a_hundred_duplicates_have_one_effect(
    house: httpx.AsyncClient, own_nats: NatsServer, rows: asyncpg.Connection
) -> None:
    words, last = uuid4().hex[:12], uuid4().hex[:12]
    event = NoteWritten(note_id=new_id(), words=words)
    body = Envelope[NoteWritten](source="/feedback", type=event.type, data=event)
    client = await nats.connect(own_nats.admin_url)
    js = client.jetstream()
    for _ in range(100):
        await js.publish(SUBJECT, body.model_dump_json().encode())
    end = NoteWritten(note_id=new_id(), words=last)
    closing = Envelope[NoteWritten](source="/feedback", type=end.type, data=end)
    await js.publish(SUBJECT, closing.model_dump_json().encode())
    await client.close()
    await eventually(lambda: _seen(rows, last))
    assert await _seen(rows, words) == 1


async def test_poison_and_failing_messages_are_buried_with_their_reason_and_others_flow_on(
    house: httpx.AsyncClient,
    as_: Headers,
    own_nats: NatsServer,
    rows: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bus, "RETRY_SECONDS", (0.05, 0.05))
    bad, good = uuid4().hex[:12], uuid4().hex[:12]
    notes.failing.add(bad)
    client = await nats.connect(own_nats.admin_url)
    js = client.jetstream()
    dead = await js.subscribe("dead.>", ordered_consumer=True)
    await js.publish(SUBJECT, b"{}")
    for words in (bad, good):
        await house.post("/api/v1/notes", json={"words": words}, headers=as_("citizen"))
    reasons = [(await dead.next_msg(10)).headers or {} for _ in range(2)]
    await client.close()
    assert "does not parse" in reasons[0]["Dead-Reason"]
    assert "LookupError: this note is never understood" in reasons[1]["Dead-Reason"]
    assert reasons[1]["Dead-Subject"] == SUBJECT
    assert reasons[1]["Dead-Subscription"] == "test-notes"
    await eventually(lambda: _seen(rows, good))
    assert notes.handled.count(bad) >= 3
    assert await _seen(rows, bad) == 0
    figures = (await house.get("/metrics")).text
    assert _figure(figures, 'events_read_total{outcome="buried",subscription="test-notes"}') >= 2
    assert _figure(figures, 'events_read_total{outcome="retried",subscription="test-notes"}') >= 2
    assert _figure(figures, 'event_lag_seconds_count{subscription="test-notes"}') >= 1


def _figure(figures: str, name: str) -> float:
    return next(float(line.split()[-1]) for line in figures.splitlines() if line.startswith(name))


async def test_events_that_wait_for_a_handler_are_told_by_the_metrics(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    words = f"lock{uuid4().hex[:8]}"

    async def waiting() -> float:
        return _figure((await house.get("/metrics")).text, WAITING)

    await eventually(lambda: _is(waiting, 0))
    await rows.execute("SELECT pg_advisory_lock($1)", notes.LOCK)
    await house.post("/api/v1/notes", json={"words": words}, headers=as_("citizen"))
    await eventually(lambda: _is(waiting, 1))
    await rows.execute("SELECT pg_advisory_unlock($1)", notes.LOCK)
    await eventually(lambda: _is(waiting, 0), seconds=10)
    assert await _seen(rows, words) == 1


async def _is(measure: Callable[[], Awaitable[float]], expected: float) -> bool:
    return await measure() == expected


async def test_an_outage_is_waited_out_and_buries_nothing(
    house: httpx.AsyncClient,
    as_: Headers,
    rows: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bus, "RETRY_SECONDS", ())
    monkeypatch.setattr(bus, "OUTAGE_RETRY_SECONDS", 0.1)
    words = f"lock{uuid4().hex[:8]}"
    await rows.execute("SELECT pg_advisory_lock($1)", notes.LOCK)
    await house.post("/api/v1/notes", json={"words": words}, headers=as_("citizen"))
    await eventually(partial(_tried_twice, words), seconds=15)
    await rows.execute("SELECT pg_advisory_unlock($1)", notes.LOCK)
    await eventually(lambda: _seen(rows, words), seconds=10)


async def _tried_twice(words: str) -> bool:
    return notes.handled.count(words) > 1


async def test_writes_are_answered_while_nats_is_down_and_catch_up_after(
    notes_settings: Any, as_: Headers, rows: asyncpg.Connection
) -> None:
    with support.nats_server() as server:
        await streams.apply(server.admin_url, subscriptions=notes.subscriptions)
        settings = notes_settings.model_copy(update={"nats_url": server.admin_url})
        async with running(settings) as house:
            server.kill()
            words = await _write_notes(house, as_("citizen"), 20)
            assert (await house.get("/readyz")).status_code == 200
            revived = local_nats.start(
                server.running.log.parent,
                passwords=server.passwords,
                port=server.running.port,
                monitor_port=server.monitor_port,
            )
            for word in words:
                await eventually(partial(_seen, rows, word), seconds=20)
                assert await _seen(rows, word) == 1
        revived.stop()


async def _write_notes(house: httpx.AsyncClient, headers: dict[str, str], count: int) -> list[str]:
    words = [uuid4().hex[:12] for _ in range(count)]
    answers = await asyncio.gather(
        *(house.post("/api/v1/notes", json={"words": w}, headers=headers) for w in words)
    )
    assert {a.status_code for a in answers} == {201}
    return words


async def test_a_consumer_that_is_gone_is_an_error_and_no_endless_asking(
    house: httpx.AsyncClient, own_nats: NatsServer
) -> None:
    """The server answers each request for it at once: asking again would turn round for ever."""
    client = await nats.connect(own_nats.admin_url)
    async with Puller(client, "FEEDBACK", "never-made") as puller:
        with pytest.raises(PullRefused):
            await puller.next_batch()
    await client.close()
