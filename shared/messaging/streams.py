"""The streams and durable consumers as they should stand, and a service's eye on its own.

JetStream is a copy that can be lost and can be full: whoever publishes looks at both, tells it in
`/readyz` and `/metrics`, and makes again what is missing of its own. What a lost stream held is
filled in again by `make rebuild-streams`.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import nats.errors
import nats.js.errors
import orjson
import structlog
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from shared import clock
from shared.cache import Cache
from shared.messaging.bus import Bus, Subscription

DAY = 24 * 3600.0
STREAM_AGE_SECONDS = 30 * DAY
"""Less than `outbox_kept_days`, so that the outbox can refill a stream that was lost."""
CASES_A_DAY, BYTES_A_CASE, WORKING_DAYS = 50_000, 6_500, 22
"""The load that a stream is sized for: so many cases a working day, measured with all their events,
for as long as it keeps them. 2 GiB were full at 15,000."""
STREAM_BYTES = 8 * 1024**3
DEAD = "DEAD"
DEAD_AGE_SECONDS = 180 * DAY
DEAD_BYTES = 2 * 1024**3
DUPLICATE_WINDOW_SECONDS = 600.0
MAX_MESSAGE_BYTES = 256 * 1024
ACK_WAIT_SECONDS = 30.0
MAX_ACK_PENDING = 256
ALARM_DAYS = 7.0
FULL_SHARE = 0.99
LOOK_SECONDS, LOOKED_SECONDS, ALARM_AGAIN = 10.0, 2.0, timedelta(hours=1)
STREAM_NOT_FOUND = 10059
LATE_SECONDS = 10.0
"""Events are with everybody within a second; an outbox that waits longer is told."""

log = structlog.get_logger()


def stream(
    name: str, *, max_age: float = STREAM_AGE_SECONDS, replicas: int, max_bytes: int
) -> StreamConfig:
    """The stream of the service of that name."""
    return StreamConfig(
        name=name,
        subjects=[f"{name.lower()}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        # A full stream refuses, and the outbox waits; the default drops what nobody has read yet.
        discard=DiscardPolicy.NEW,
        max_age=max_age,
        max_bytes=max_bytes,
        max_msg_size=MAX_MESSAGE_BYTES,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        num_replicas=replicas,
        deny_delete=True,
        deny_purge=True,
    )


def dead_letters(*, replicas: int, max_bytes: int) -> StreamConfig:
    """The stream of all services' dead letters."""
    size = {"replicas": replicas, "max_bytes": min(max_bytes, DEAD_BYTES)}
    return stream(DEAD, max_age=DEAD_AGE_SECONDS, **size)


def consumer(subscription: Subscription[Any]) -> ConsumerConfig:
    """The durable pull consumer of one subscription."""
    return ConsumerConfig(
        # Both, so that the request names the filter too: a service may make its own, with this one.
        name=subscription.name,
        durable_name=subscription.name,
        filter_subject=subscription.filter_subject,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_ack_pending=MAX_ACK_PENDING,
        # Unlimited: when to give up is the subscriber's decision, which keeps a dead letter. A
        # limit here would strand messages silently after as many crashes.
        max_deliver=-1,
    )


@dataclass(frozen=True)
class Fill:
    """How much of a stream is used: bytes and seconds."""

    used: int
    limit: int
    kept: float
    oldest: float

    @property
    def is_full(self) -> bool:
        return self.used >= self.limit * FULL_SHARE

    @property
    def days_left(self) -> float:
        """Until it is full at its pace so far; the days that it keeps where it never is."""
        pace = self.used / max(self.oldest, DAY)
        if pace * self.kept <= self.limit:
            return self.kept / DAY
        return max(self.limit - self.used, 0) / pace / DAY


def fill_of(info: dict[str, Any], now: datetime) -> Fill:
    """From the server's answer to STREAM.INFO."""
    config, state = info["config"], info["state"]
    limit = config.get("max_bytes", -1)
    kept = config.get("max_age", 0) / 1e9
    oldest = 0.0
    if state["messages"]:
        oldest = (now - datetime.fromisoformat(state["first_ts"][:19] + "+00:00")).total_seconds()
    bounded = limit if limit > 0 else 2**62
    return Fill(state["bytes"], bounded, kept or STREAM_AGE_SECONDS, oldest)


class Streams:
    """A service's own stream and its consumers, or that of the dead letters, which has none."""

    def __init__(
        self, bus: Bus, own: StreamConfig, subscriptions: Sequence[Subscription[Any]]
    ) -> None:
        self._bus, self._own, self._subscriptions = bus, own, subscriptions
        self._looked = Cache[str, str](most=1, seconds=LOOKED_SECONDS)
        self._alarmed_at: datetime | None = None
        self.fill: Fill | None = None
        self.were_there = False

    async def trouble(self) -> str:
        """`ok`, or what is wrong, at most LOOKED_SECONDS old."""
        return await self._looked.get("", self._look)

    async def run(self) -> None:
        """Looks now and then until cancelled, and makes what is missing."""
        while True:
            await self._bus.connected()
            found = await self._look()
            if "missing" in found:
                await self._make()
                self._looked.clear()
            self._alarm(clock.now())
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> str:
        try:
            info = await self._info()
            if info is None:
                return f"stream {self._own.name} is missing"
            self.fill = fill_of(info, clock.now())
            missing = [s.name for s in self._subscriptions if not await self._stands(s)]
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            self.were_there = True  # nobody can say that they are not
            return f"JetStream does not answer: {type(error).__name__}"
        if missing:
            return f"consumer {missing[0]} is missing"
        self.were_there = True
        return f"stream {self._own.name} is full" if self.fill.is_full else "ok"

    async def _info(self) -> dict[str, Any] | None:
        """STREAM.INFO as the server writes it: nats-py leaves out since when messages are kept."""
        answer = await self._bus.client.request(f"$JS.API.STREAM.INFO.{self._own.name}", timeout=2)
        info: dict[str, Any] = orjson.loads(answer.data)
        error = info.get("error")
        if error and error.get("err_code") != STREAM_NOT_FOUND:
            raise nats.js.errors.APIError.from_error(error)
        return None if error else info

    async def _stands(self, subscription: Subscription[Any]) -> bool:
        try:
            await self._bus.js.consumer_info(subscription.stream, subscription.name)
        except nats.js.errors.NotFoundError:
            return False
        return True

    async def _make(self) -> None:
        """Makes the own stream and consumers where they are missing; others make theirs."""
        try:
            if await self._info() is None:
                await self._bus.js.add_stream(self._own)
                then = (
                    "restore it from a copy" if self._own.name == DEAD else "make rebuild-streams"
                )
                log.error("stream_made_again", stream=self._own.name, then=then)
            for subscription in self._subscriptions:
                if not await self._stands(subscription):
                    await self._bus.js.add_consumer(subscription.stream, consumer(subscription))
                    log.error("consumer_made_again", subscription=subscription.name)
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            log.warning("streams_not_made", error=repr(error))

    def _alarm(self, now: datetime) -> None:
        """Once an hour, long before a stream refuses."""
        if self.fill is None or self.fill.days_left >= min(ALARM_DAYS, self.fill.kept / DAY):
            self._alarmed_at = None
        elif self._alarmed_at is None or now - self._alarmed_at >= ALARM_AGAIN:
            self._alarmed_at = now
            left = round(self.fill.days_left, 1)
            log.critical("stream_nearly_full", stream=self._own.name, days_left=left)


def summary(trouble: str, late: float) -> str:
    """What `/readyz` says of the bus: what is wrong, and how late events are (seconds)."""
    parts = [] if trouble == "ok" else [trouble]
    if late > LATE_SECONDS:
        parts.append(f"events late by {math.floor(late)} s")
    return "; ".join(parts) or "ok"
