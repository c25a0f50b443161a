"""`make rebuild-streams`: fills streams that lost messages again, from the services' outboxes.

The databases hold the truth; a stream is a copy. Streams and consumers are made where missing, and
each published outbox row whose id is not in its stream is published again, in the order in which
they happened. A consumer made anew reads everything once more: the inbox lets nothing happen twice.
"""

import asyncio
import time
from dataclasses import dataclass

import asyncpg
import nats.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from deploy import running, streams
from deploy.services import SERVICES
from shared.messaging.events import CONTENT_TYPE
from shared.messaging.streams import STREAM_AGE_SECONDS

BATCH = 500
IN_FLIGHT = 32
ATTEMPTS = 5
PUBLISH_SECONDS = 5

ROWS = """
SELECT position, event_id, subject, body, traceparent FROM outbox
WHERE published_at IS NOT NULL AND position > $1
  AND recorded_at > now() - make_interval(secs => $2)
ORDER BY position LIMIT $3
"""


@dataclass(frozen=True)
class Rebuilt:
    """How a stream stands: ids that it held already, and rows published again."""

    service: str
    present: int
    republished: int


async def rebuild(js: JetStreamContext, service: str, database_url: str) -> Rebuilt:
    """Publishes again what `service`'s outbox has and its stream has not."""
    present = await stored_ids(js, service.upper())
    connection = await asyncpg.connect(database_url, timeout=5)
    republished, position = 0, 0
    try:
        while rows := await connection.fetch(ROWS, position, STREAM_AGE_SECONDS, BATCH):
            missing = [row for row in rows if str(row["event_id"]) not in present]
            await _publish_all(js, missing)
            republished += len(missing)
            position = rows[-1]["position"]
    finally:
        await connection.close()
    return Rebuilt(service, len(present), republished)


async def stored_ids(js: JetStreamContext, stream: str) -> set[str]:
    """The message ids that a stream holds now, read without bodies."""
    last = (await js.stream_info(stream)).state.last_seq
    reader = await js.pull_subscribe(
        ">",
        stream=stream,
        config=ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.ALL,
            headers_only=True,
            inactive_threshold=60,
        ),
    )
    found: set[str] = set()
    left = (await reader.consumer_info()).num_pending or 0
    while left > 0:
        messages = await reader.fetch(BATCH, timeout=PUBLISH_SECONDS)
        found |= {(message.headers or {}).get("Nats-Msg-Id", "") for message in messages}
        left = min(left - len(messages), last - messages[-1].metadata.sequence.stream)
    await reader.unsubscribe()
    return found


async def _publish_all(js: JetStreamContext, rows: list[asyncpg.Record]) -> None:
    """In order of position, `IN_FLIGHT` at a time: one connection keeps the order of sending."""
    for first in range(0, len(rows), IN_FLIGHT):
        await asyncio.gather(*(_publish(js, row) for row in rows[first : first + IN_FLIGHT]))


async def _publish(js: JetStreamContext, row: asyncpg.Record) -> None:
    headers = {"Nats-Msg-Id": str(row["event_id"]), "Content-Type": CONTENT_TYPE}
    if row["traceparent"]:
        headers["traceparent"] = row["traceparent"]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await js.publish(row["subject"], row["body"], timeout=PUBLISH_SECONDS, headers=headers)
            return
        except nats.errors.TimeoutError:
            # It may have been stored all the same: the repeat has the same id.
            if attempt == ATTEMPTS:
                raise


async def _rebuild_all() -> None:
    url = running.address("ONEDOOR_NATS_URL")
    for change in await streams.apply(url, wanted=streams.from_environment()):
        print(change)
    async with streams.connected(url) as js:
        for service in SERVICES:
            started = time.monotonic()
            done = await rebuild(js, service, running.owner_url(service))
            print(
                f"{service}: 原有 {done.present} 条，补发 {done.republished} 条"
                f" | {done.present} present, {done.republished} published again"
                f" ({time.monotonic() - started:.1f} s)"
            )


if __name__ == "__main__":
    asyncio.run(_rebuild_all())
