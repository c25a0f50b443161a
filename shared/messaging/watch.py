"""Reads one kind of event in every process by itself, where each of them has to know.

A subscription is shared by the instances of a service: one of them handles the event. A watch is
each process's own, keeps nothing on the server, and begins with what happened lately, so that a
process that was just started or was cut off knows as much as the others. What it hands over may
come again and must do no harm twice.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Generic

import nats.errors
import nats.js.errors
import structlog
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from pydantic import ValidationError

from shared import clock
from shared.messaging.bus import Bus
from shared.messaging.events import E, Envelope, envelope_of, stream_of
from shared.messaging.pull_consumer import Puller

INACTIVE_SECONDS = 60.0

log = structlog.get_logger()


class Watch(Generic[E]):
    """Hands each event of the kind to `take`: those of `since` ago, then those that come.

    `caught_up` is called, after every beginning, once what had happened until then is handed over.
    """

    def __init__(
        self,
        bus: Bus,
        event: type[E],
        take: Callable[[Envelope[E]], None],
        *,
        since: timedelta,
        caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._bus, self._event, self._take, self._since = bus, event, take, since
        self._caught_up = caught_up
        self._parse = envelope_of(event).model_validate_json

    async def run(self) -> None:
        """Until cancelled; begins anew after every loss."""
        while True:
            await self._bus.connected()
            try:
                await self._read()
            except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
                log.warning("watch_lost", type=self._event.type, error=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _read(self) -> None:
        stream, name = stream_of(self._event), f"watch-{secrets.token_hex(8)}"
        made = await self._bus.js.add_consumer(stream, self._consumer(name))
        behind = made.num_pending or 0
        if not behind:
            self._caught_up()
        async with Puller(self._bus.client, stream, name) as puller:
            while self._bus.is_up:
                batch = await puller.next_batch()
                for message in batch:
                    self._hand_over(message.data)
                if 0 < behind <= len(batch):
                    self._caught_up()
                behind -= len(batch)
                if not batch:
                    await self._bus.js.consumer_info(stream, name)  # raises if it is forgotten

    def _consumer(self, name: str) -> ConsumerConfig:
        """One that the server forgets by itself. The filter stands in the subject of the request
        that makes it, and so a right can be limited to the kind of event."""
        return ConsumerConfig(
            name=name,
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=clock.now() - self._since,
            ack_policy=AckPolicy.NONE,
            filter_subject=f"{self._event.type}.>",
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )

    def _hand_over(self, data: bytes) -> None:
        try:
            envelope: Envelope[E] = self._parse(data)
        except ValidationError:
            log.error("watched_event_unreadable", type=self._event.type)
            return
        self._take(envelope)
