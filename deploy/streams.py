"""The JetStream streams and durable consumers as code: what should stand, and how it gets there.

`python -m deploy.streams diff` tells what `apply` would change on the server of ONEDOOR_NATS_URL
(its `deploy` user). A change that could lose messages - a lower limit, another kind of storage,
a shorter memory for duplicates - is refused, never made. `apply` also asks the server at
ONEDOOR_NATS_MONITOR, where that is set, whether it syncs every write to disk.
"""

import asyncio
import json
import math
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from deploy.services import SERVICES, all_subscriptions
from shared.messaging.bus import Subscription
from shared.messaging.streams import STREAM_BYTES, consumer, dead_letters, stream

CONNECT_SECONDS = 10

NEVER_LOWER = ("max_age", "max_bytes", "max_msg_size", "duplicate_window", "num_replicas")
NEVER_CHANGE = ("retention", "storage", "discard")
NEVER_UNSET = ("deny_delete", "deny_purge")
STREAM_SETTINGS = ("subjects", *NEVER_LOWER, *NEVER_CHANGE, *NEVER_UNSET)
CONSUMER_SETTINGS = (
    "filter_subject",
    "deliver_policy",
    "ack_policy",
    "ack_wait",
    "max_ack_pending",
    "max_deliver",
)


class WouldLose(Exception):
    """A change was asked for that could drop messages that are stored or promised."""


class NotDurable(Exception):
    """The server acknowledges messages before they are on disk."""


@dataclass(frozen=True)
class Change:
    """One thing to create or update, and how it reads in a report."""

    text: str
    stream: StreamConfig
    consumer: ConsumerConfig | None = None
    is_new: bool = False


def streams(*, replicas: int = 1, max_bytes: int = STREAM_BYTES) -> list[StreamConfig]:
    """One stream per service for its events, and one for the dead letters of all."""
    owned = [stream(s.upper(), replicas=replicas, max_bytes=max_bytes) for s in SERVICES]
    return [*owned, dead_letters(replicas=replicas, max_bytes=max_bytes)]


async def diff(
    js: JetStreamContext,
    wanted: Sequence[StreamConfig],
    subscriptions: Sequence[Subscription[Any]],
) -> list[Change]:
    """What must change on the server; raises WouldLose for what must never."""
    changes = []
    for each in wanted:
        present = await _present(js.stream_info(str(each.name)))
        changes += _stream_change(present, each)
        for subscription in (s for s in subscriptions if s.stream == each.name):
            config = consumer(subscription)
            found = present and await _present(js.consumer_info(str(each.name), subscription.name))
            changes += _consumer_change(found, each, config)
    return changes


def _stream_change(present: StreamConfig | None, wanted: StreamConfig) -> list[Change]:
    if present is None:
        return [Change(f"create stream {wanted.name}", wanted, is_new=True)]
    different = _differences(present, wanted, STREAM_SETTINGS)
    _refuse_loss(str(wanted.name), different)
    text = f"update stream {wanted.name}: {_describe(different)}"
    return [Change(text, wanted)] if different else []


def _consumer_change(
    present: ConsumerConfig | None, stream: StreamConfig, wanted: ConsumerConfig
) -> list[Change]:
    name = f"{stream.name}/{wanted.durable_name}"
    if present is None:
        return [Change(f"create consumer {name}", stream, wanted, is_new=True)]
    different = _differences(present, wanted, CONSUMER_SETTINGS)
    text = f"update consumer {name}: {_describe(different)}"
    return [Change(text, stream, wanted)] if different else []


def _differences(present: Any, wanted: Any, keys: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    """Settings that the server has otherwise: key -> (there, wanted)."""
    pairs = {key: (getattr(present, key), getattr(wanted, key)) for key in keys}
    return {key: (was, will) for key, (was, will) in pairs.items() if was != will}


def _refuse_loss(name: str, different: dict[str, tuple[Any, Any]]) -> None:
    for key, (was, will) in different.items():
        lowered = key in NEVER_LOWER and _limit(will) < _limit(was)
        if lowered or key in NEVER_CHANGE or (key in NEVER_UNSET and was):
            raise WouldLose(f"{name}: {key} stays {was}, not {will}: messages could be lost")


def _limit(value: float | None) -> float:
    """A limit as a number; the server writes none as -1 or 0."""
    return value if value is not None and value > 0 else math.inf


def _describe(different: dict[str, tuple[Any, Any]]) -> str:
    return ", ".join(f"{key} {was} -> {will}" for key, (was, will) in different.items())


async def apply(
    nats_url: str,
    *,
    subscriptions: Sequence[Subscription[Any]] | None = None,
    wanted: Sequence[StreamConfig] | None = None,
) -> list[str]:
    """Makes the streams and consumers stand; returns what was changed, in words.

    `nats_url` is that of the `deploy` user. Everything is compared before anything is changed.
    """
    subscriptions = list(all_subscriptions()) if subscriptions is None else subscriptions
    async with connected(nats_url) as js:
        changes = await diff(js, streams() if wanted is None else wanted, subscriptions)
        for change in changes:
            await _make(js, change)
    return [change.text for change in changes]


async def _make(js: JetStreamContext, change: Change) -> None:
    if change.consumer is not None:
        await js.add_consumer(str(change.stream.name), change.consumer)
    elif change.is_new:
        await js.add_stream(change.stream)
    else:
        await js.update_stream(change.stream)


def assert_durable(monitor_url: str) -> None:
    """Raises NotDurable unless the running server says that it syncs every write."""
    with urllib.request.urlopen(f"{monitor_url}/varz", timeout=CONNECT_SECONDS) as answer:
        config = (json.load(answer).get("jetstream") or {}).get("config") or {}
    if config.get("sync_always") is not True:
        raise NotDurable(f"{monitor_url}: JetStream must run with sync_interval: always")


@asynccontextmanager
async def connected(nats_url: str) -> AsyncIterator[JetStreamContext]:
    """JetStream as the user of `nats_url`; fails at once when the server is not there."""
    client = await nats.connect(
        nats_url, name="deploy", connect_timeout=CONNECT_SECONDS, allow_reconnect=False
    )
    try:
        yield client.jetstream(timeout=CONNECT_SECONDS)
    finally:
        await client.close()


async def _present(asked: Any) -> Any:
    try:
        return (await asked).config
    except NotFoundError:
        return None


def from_environment() -> list[StreamConfig]:
    """The streams, with the replicas and the size that ONEDOOR_STREAM_... ask for."""
    return streams(
        replicas=int(os.environ.get("ONEDOOR_STREAM_REPLICAS", "1")),
        max_bytes=int(os.environ.get("ONEDOOR_STREAM_MAX_BYTES", str(STREAM_BYTES))),
    )


async def _diff_only(nats_url: str) -> list[str]:
    async with connected(nats_url) as js:
        changes = await diff(js, from_environment(), list(all_subscriptions()))
    return [change.text for change in changes]


def main(arguments: list[str]) -> None:
    if arguments not in (["apply"], ["diff"]):
        sys.exit(__doc__)
    url = os.environ["ONEDOOR_NATS_URL"]
    if monitor := os.environ.get("ONEDOOR_NATS_MONITOR"):
        assert_durable(monitor)
    try:
        work = apply(url, wanted=from_environment()) if arguments == ["apply"] else _diff_only(url)
        print("\n".join(asyncio.run(work)) or "nothing to change")
    except (WouldLose, NatsError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
