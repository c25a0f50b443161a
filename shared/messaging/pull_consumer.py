"""Pulls a durable consumer's messages as they come, in batches of whatever has arrived.

The client library's `fetch` waits for a full batch or its timeout once a first message is there; a
standing pull request hands each message over at once, and a batch is what gathered meanwhile.
"""

import asyncio
import json
import time
from types import TracebackType
from typing import Self

import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

BATCH = 64
EXPIRES_SECONDS = 20
HEARTBEAT_SECONDS = 3


_RAN_OUT = ("404", "408")
"""No message in time: ask again. Anything else would be answered again, at once and for ever."""


class PullRefused(nats.js.errors.Error):
    """Nobody serves the consumer: it was deleted, or JetStream is away (409, 503)."""


class Puller:
    """`async with Puller(client, stream, consumer) as p: batch = await p.next_batch()`."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._wanted = 0
        self._alive_until = 0.0

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(self._inbox, cb=self._arrived.put)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()

    async def next_batch(self) -> list[Msg]:
        """What has arrived, at least one message; empty when the server sent none for a while.

        Raises PullRefused.
        """
        if self._wanted <= BATCH // 2:
            await self._ask(BATCH - self._wanted)
        remaining = max(self._alive_until - time.monotonic(), 0.01)
        try:
            async with asyncio.timeout(remaining):
                messages = self._take(await self._arrived.get())
        except TimeoutError:
            self._wanted = 0  # no heartbeat: the request is lost, ask anew
            return []
        while not self._arrived.empty() and len(messages) < BATCH:
            messages += self._take(self._arrived.get_nowait())
        return messages

    async def _ask(self, count: int) -> None:
        request = {
            "batch": count,
            "expires": EXPIRES_SECONDS * 1_000_000_000,
            "idle_heartbeat": HEARTBEAT_SECONDS * 1_000_000_000,
        }
        await self._client.publish(self._next, json.dumps(request).encode(), reply=self._inbox)
        self._wanted += count
        self._alive_until = time.monotonic() + 2 * HEARTBEAT_SECONDS + 1

    def _take(self, message: Msg) -> list[Msg]:
        self._alive_until = time.monotonic() + 2 * HEARTBEAT_SECONDS + 1
        status = (message.headers or {}).get("Status")
        if status is None:
            self._wanted -= 1
            return [message]
        if status != "100":  # 100 is a heartbeat; anything else ends the standing request
            left = (message.headers or {}).get("Nats-Pending-Messages")
            self._wanted = max(self._wanted - int(left), 0) if left else 0
            if status not in _RAN_OUT:
                raise PullRefused(status)
        return []
