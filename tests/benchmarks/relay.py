"""`python -m tests.benchmarks.relay`: outbox to JetStream against bare publishing, and the lag.

The relay reads rows, publishes and marks them; the peer publishes the same bodies with the same
number in flight and nothing else. Both in turn, on the same servers, in the same run. Then a
hundred events a second are committed, and the time from commit to handled is measured.
"""

import asyncio
import time
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import asyncpg
import nats
from nats.js import JetStreamContext

from deploy import streams
from deploy.local.nats import NatsServer
from shared.database.engine import new_engine
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.bus import Bus
from shared.messaging.outbox import IN_FLIGHT, Relay
from tests import support
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.shared import notes
from tests.shared.notes import NoteWritten
from tests.support import Databases, Tokens

MINUTES = 0.5
EVENTS, ROUNDS = 2000, 5
LAG_EVENTS, LAG_RATE = 600, 100


async def fill(rows: asyncpg.Connection) -> list[bytes]:
    """EVENTS waiting rows; returns their bodies."""
    events = (NoteWritten(note_id=new_id(), words=uuid4().hex[:12]) for _ in range(EVENTS))
    waiting = [outbox.row(event, scope="D01") for event in events]
    insert = "INSERT INTO outbox (event_id, subject, body) VALUES ($1, $2, $3)"
    await rows.executemany(insert, [row[:3] for row in waiting])
    return [row.body for row in waiting]


async def by_relay(relay: Relay) -> float:
    """Seconds until nothing waits."""
    started = time.perf_counter()
    while await relay.publish_batch():
        pass
    return time.perf_counter() - started


async def by_hand(js: JetStreamContext, bodies: list[bytes]) -> float:
    """Seconds for the same bodies, bounded gather of publishes."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def publish(body: bytes) -> None:
        async with free:
            headers = {"Nats-Msg-Id": uuid4().hex, "Content-Type": "application/cloudevents+json"}
            await js.publish("feedback.bare.published.v1.D01", body, headers=headers)

    started = time.perf_counter()
    await asyncio.gather(*(publish(body) for body in bodies))
    return time.perf_counter() - started


async def lags(settings: Any, tokens: Tokens) -> list[float]:
    """Milliseconds from commit to the end of the handler's transaction."""
    seen: dict[str, float] = {}
    committed: dict[str, float] = {}
    remember = notes.remember

    async def clocked(session: Any, envelope: Any) -> None:
        await remember(session, envelope)
        seen[envelope.data.words] = time.perf_counter()

    object.__setattr__(notes.subscriptions[0], "handle", clocked)
    async with support.serve(notes.create_app(settings)) as house:
        headers = {"Authorization": f"Bearer {tokens('citizen')}"}
        for n in range(LAG_EVENTS):
            words = f"lag{n}"
            await house.post("/api/v1/notes", json={"words": words}, headers=headers)
            committed[words] = time.perf_counter()
            await asyncio.sleep(1 / LAG_RATE)
        await asyncio.sleep(1)
    return [max((seen[w] - at) * 1000, 0.0) for w, at in committed.items() if w in seen]


async def lag(settings: Any, tokens: Tokens) -> list[Goal]:
    waits = await lags(settings, tokens)
    return [
        at_most("commit to handled: p50", median(waits), 8, "ms"),
        at_most("commit to handled: p99", quantiles(waits, n=100)[98], 60, "ms"),
        at_most("commit to handled: events not handled", LAG_EVENTS - len(waits), 0),
    ]


async def publishing(settings: Any, server: NatsServer, rows: asyncpg.Connection) -> list[Goal]:
    engine, bus = new_engine(settings, "feedback"), Bus(settings.nats_url, "feedback")
    await bus.connect()
    relay = Relay(engine, bus, poll_seconds=1)
    client = await nats.connect(server.admin_url)
    ratios = []
    for number in range(ROUNDS):
        bodies = await fill(rows)
        ours, bare = await by_relay(relay), await by_hand(client.jetstream(), bodies)
        ratios.append(bare / ours)
        speeds = f"relay {EVENTS / ours:,.0f}/s, bare publish {EVENTS / bare:,.0f}/s"
        goals.show(f"  round {number + 1} of {ROUNDS}: {speeds}")
    await client.close()
    await bus.close()
    await engine.dispose()
    return [at_least("relay / bare pipelined publish", median(ratios), 0.85)]


async def main() -> list[Goal]:
    goals.begin("relay", MINUTES, f"{EVENTS} events x {ROUNDS} rounds, {IN_FLIGHT} in flight")
    with (
        support.postgres_server() as pg,
        support.nats_server() as server,
        support.private_folder() as folder,
    ):
        tokens = Tokens(folder)
        urls = Databases(pg).urls("feedback")
        await streams.apply(server.admin_url, subscriptions=notes.subscriptions)
        settings = support.settings_for(
            "feedback", urls.owner, server, tokens, nats_url=server.admin_url
        )
        rows = await support.connect(urls.owner)
        found = await lag(settings, tokens) + await publishing(settings, server, rows)
        await rows.close()
    return found


if __name__ == "__main__":
    goals.finish(asyncio.run(main()))
