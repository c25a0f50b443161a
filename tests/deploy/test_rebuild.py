from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.js import JetStreamContext

from deploy import rebuild
from tests.support import Databases

SUBJECT = "feedback.rebuild.tested.v1._"


@dataclass(frozen=True)
class Outbox:
    connection: asyncpg.Connection
    url: str


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.new("feedback", f"rebuild_{uuid4().hex[:8]}").owner


@pytest.fixture
async def outbox(url: str) -> AsyncIterator[Outbox]:
    """A database of the feedback service with nothing in its outbox, seen as its owner."""
    connection = await asyncpg.connect(url)
    yield Outbox(connection, url)
    await connection.execute("TRUNCATE outbox")
    await connection.close()


async def record(outbox: Outbox, *, published: bool = True, days_old: int = 0) -> UUID:
    event_id = uuid4()
    await outbox.connection.execute(
        "INSERT INTO outbox (event_id, subject, body, traceparent, recorded_at, published_at)"
        " VALUES ($1, $2, $3, '00-aa-bb-01', now() - make_interval(days => $4),"
        " CASE WHEN $5 THEN now() END)",
        event_id,
        SUBJECT,
        str(event_id).encode(),
        days_old,
        published,
    )
    return event_id


async def bodies(js: JetStreamContext) -> list[str]:
    state = (await js.stream_info("FEEDBACK")).state
    stored = [await js.get_msg("FEEDBACK", n) for n in range(1, state.messages + 1)]
    return [(message.data or b"").decode() for message in stored]


async def test_a_wiped_stream_is_filled_again_in_order(
    js: JetStreamContext, outbox: Outbox
) -> None:
    recorded = [str(await record(outbox)) for _ in range(70)]
    done = await rebuild.rebuild(js, "feedback", outbox.url)
    assert (done.present, done.republished) == (0, 70)
    assert await bodies(js) == recorded
    message = await js.get_msg("FEEDBACK", 1)
    assert message.headers == {
        "Nats-Msg-Id": recorded[0],
        "Content-Type": "application/cloudevents+json",
        "traceparent": "00-aa-bb-01",
    }


async def test_rebuilding_twice_adds_nothing(js: JetStreamContext, outbox: Outbox) -> None:
    await record(outbox)
    await rebuild.rebuild(js, "feedback", outbox.url)
    again = await rebuild.rebuild(js, "feedback", outbox.url)
    assert (again.present, again.republished) == (1, 0)


async def test_only_what_is_missing_is_published_again(
    js: JetStreamContext, outbox: Outbox
) -> None:
    kept, lost = await record(outbox), await record(outbox)
    await js.publish(SUBJECT, str(kept).encode(), headers={"Nats-Msg-Id": str(kept)})
    done = await rebuild.rebuild(js, "feedback", outbox.url)
    assert (done.present, done.republished) == (1, 1)
    assert await bodies(js) == [str(kept), str(lost)]


async def test_rows_that_the_relay_has_still_to_send_are_left_to_it(
    js: JetStreamContext, outbox: Outbox
) -> None:
    await record(outbox, published=False)
    done = await rebuild.rebuild(js, "feedback", outbox.url)
    assert done.republished == 0


async def test_rows_older_than_the_stream_keeps_are_left_out(
    js: JetStreamContext, outbox: Outbox
) -> None:
    await record(outbox, days_old=31)
    done = await rebuild.rebuild(js, "feedback", outbox.url)
    assert done.republished == 0
