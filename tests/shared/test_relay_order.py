"""Several relays publish one outbox: what is about one subject keeps its order in the stream."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import nats
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.nats import NatsServer
from shared.database.engine import new_engine, new_sessions
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.bus import Bus
from shared.messaging.outbox import Relay
from tests import support
from tests.shared.notes import NoteWritten
from tests.support import Databases, Tokens, eventually

SUBJECTS, VERSIONS = 12, 25


class Process(NamedTuple):
    """What one process of a service has: connections to both servers, and a relay between."""

    engine: AsyncEngine
    bus: Bus
    relay: Relay


class _PoorBus:
    """A bus that takes its time, and over which the first attempt at some messages fails."""

    def __init__(self, bus: Bus, *, seconds: float = 0, losing: Sequence[str] = ()) -> None:
        self._bus, self._losing = bus, {f'"words":"{words}"'.encode() for words in losing}
        self._seconds = seconds
        self.connected, self.js = bus.connected, self

    async def publish(self, subject: str, body: bytes, **named: Any) -> None:
        await asyncio.sleep(self._seconds)
        spaceless = body.replace(b": ", b":")
        for words in [each for each in self._losing if each in spaceless]:
            self._losing.discard(words)
            raise TimeoutError
        await self._bus.js.publish(subject, body, **named)


@pytest.fixture(scope="module")
async def two(
    databases: Databases, own_nats: NatsServer, notes_settings: Any, tokens: Tokens
) -> AsyncIterator[Sequence[Process]]:
    url = databases.new("feedback", "relay_order").owner
    settings = support.settings_for("feedback", url, own_nats, tokens, nats_url=own_nats.admin_url)
    made = []
    for _ in range(2):
        engine, bus = new_engine(settings, "feedback"), Bus(settings.nats_url, "feedback")
        await bus.connect()
        made.append(Process(engine, bus, Relay(engine, bus, poll_seconds=0.2)))
    yield made
    for process in made:
        await process.bus.close()
        await process.engine.dispose()


def _relay(process: Process, **poor: Any) -> Relay:
    bus: Any = _PoorBus(process.bus, **poor)
    return Relay(process.engine, bus, poll_seconds=0.05)


# As a statement writes an event that it has put together itself.
COMPOSED = text(
    "UPDATE outbox SET body = convert_to(convert_from(body, 'UTF8')::jsonb::text, 'UTF8')"
    " WHERE event_id = :event"
)


async def _change(note: UUID, scope: str, processes: Sequence[Process], composed: bool) -> None:
    """Version after version of one note, each committed by any of the processes."""
    for version in range(VERSIONS):
        process = random.choice(processes)
        async with new_sessions(process.engine)() as session, session.begin():
            event = NoteWritten(note_id=note, words=f"v{version}")
            recorded = await outbox.record(session, event, scope=scope, subject=str(note))
            if composed and version % 2:  # one form after the other, of one subject
                await session.execute(COMPOSED, {"event": recorded})
        process.relay.wake()


async def _changed(
    scope: str, relays: Sequence[Relay], two: Sequence[Process], *, composed: bool = False
) -> None:
    running = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        await asyncio.gather(*(_change(new_id(), scope, two, composed) for _ in range(SUBJECTS)))

        async def all_published() -> bool | None:
            return (await two[0].relay.depth())[0] == 0 or None

        await eventually(all_published, 60)
    finally:
        for task in running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _stream(own_nats: NatsServer, scope: str) -> Mapping[str, list[str]]:
    """What came of each note, in the order of the stream."""
    client = await nats.connect(own_nats.admin_url)
    found = defaultdict(list)
    reader = await client.jetstream().subscribe(
        f"{NoteWritten.type}.{scope}", ordered_consumer=True
    )
    for _ in range(SUBJECTS * VERSIONS):
        event = json.loads((await reader.next_msg(10)).data)
        found[event["subject"]].append(event["data"]["words"])
    await client.close()
    return found


async def test_two_relays_keep_the_order_of_each_subject(
    two: Sequence[Process], own_nats: NatsServer
) -> None:
    slow = _relay(two[0], seconds=0.03)
    await _changed("two", [slow, two[1].relay], two)
    came = await _stream(own_nats, "two")
    assert len(came) == SUBJECTS
    assert all(words == [f"v{n}" for n in range(VERSIONS)] for words in came.values())


@pytest.mark.parametrize("composed", [False, True])
async def test_what_follows_an_event_that_did_not_arrive_waits_for_it(
    two: Sequence[Process], own_nats: NatsServer, composed: bool
) -> None:
    losing, scope = [f"v{n}" for n in range(0, VERSIONS, 3)], f"loss-{composed}"
    relays = [_relay(process, losing=losing) for process in two]
    await _changed(scope, relays, two, composed=composed)
    came = await _stream(own_nats, scope)
    assert all(words == [f"v{n}" for n in range(VERSIONS)] for words in came.values())


async def test_a_relay_that_dies_in_its_turn_leaves_it_to_the_other(
    two: Sequence[Process], own_nats: NatsServer
) -> None:
    """Its connection ends with it, and so does its turn; what it had sent is dropped as known."""
    dying = asyncio.create_task(two[1].relay.run())

    async def killed() -> None:
        await asyncio.sleep(0.15)
        dying.cancel()

    await asyncio.gather(_changed("dying", [two[0].relay], two), killed())
    came = await _stream(own_nats, "dying")
    assert all(words == [f"v{n}" for n in range(VERSIONS)] for words in came.values())
