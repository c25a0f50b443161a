"""JetStream: one durable pull consumer per subscription, at least once, dead letters kept.

Streams and consumers are made by `deploy`; a service only binds to its own. A batch is handled in
one transaction; if any of it fails, each message is tried in a transaction of its own. A handler
that raises is retried after each delay of `RETRY_SECONDS`; then, like a message that does not
parse, it is copied to `dead.<subject>` with the reason and taken off the stream.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from urllib.parse import urlsplit

import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import clock
from shared.database.faults import is_outage
from shared.jobs import end
from shared.messaging import inbox
from shared.messaging.events import E, Envelope, envelope_of, stream_of
from shared.messaging.pull_consumer import Puller
from shared.observability.library_internals import drop_socket_of, socket_of, tasks_of
from shared.observability.metrics import Metrics
from shared.observability.telemetry import Tracing

RETRY_SECONDS = (1, 5, 30, 300)
OUTAGE_RETRY_SECONDS = 5
HANDLER_SECONDS = 20
CONNECT_SECONDS = 3
CLOSE_SECONDS = 2
TCP_USER_TIMEOUT_MS = 5000

log = structlog.get_logger()


@dataclass(frozen=True)
class Subscription(Generic[E]):
    """`handle` runs for every `event`; `name` is the durable consumer, so it must never change."""

    name: str
    event: type[E]
    handle: Callable[[AsyncSession, Envelope[E]], Awaitable[None]]

    @property
    def stream(self) -> str:
        return stream_of(self.event)

    @property
    def filter_subject(self) -> str:
        """Every scope of the event."""
        return f"{self.event.type}.>"


class Bus:
    """The connection to NATS: made in the background, kept for ever, awaited by no request."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._client = Client()
        self._up = asyncio.Event()
        self.was_up = False
        self._begun = self._closing = False

    @property
    def client(self) -> Client:
        return self._client

    @property
    def js(self) -> JetStreamContext:
        return self._client.jetstream(timeout=5)

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    async def connected(self) -> None:
        """Waits until the connection stands."""
        await self._up.wait()

    async def connect(self) -> None:
        """Connects, trying until it succeeds, and reconnects after every loss."""
        self._begun = True
        await self._client.connect(
            servers=[self._url],
            name=self._name,
            inbox_prefix=f"_INBOX_{self._name}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=5,
            max_outstanding_pings=2,
            error_cb=self._failed,
            disconnected_cb=self._lost,
            reconnected_cb=self._stands,
        )
        await self._stands()

    async def close(self) -> None:
        """Sends what is to be sent, then closes: leaves no task and no connection, never raises.

        Nobody reads any more when a bus closes, so that there is nothing to drain. `drain` would
        swallow a cancellation and leave tasks behind where the server is frozen.
        """
        self._closing = True
        if not self._begun:
            return  # nats-py cannot close what never began to connect
        try:
            await self._attempt(self._client.flush(CLOSE_SECONDS))
            await self._attempt(self._client.close())
        finally:
            # To a frozen server with a full buffer nothing can be closed in good order: nats-py
            # then calls itself closed while its tasks and its socket are still there.
            await end(tasks_of(self._client))
            await drop_socket_of(self._client)

    async def _attempt(self, step: Coroutine[Any, Any, None]) -> None:
        """One step of closing, for CLOSE_SECONDS at most."""
        task = asyncio.create_task(step, name="bus-close")
        try:
            await asyncio.wait([task], timeout=CLOSE_SECONDS)
        finally:
            await end([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("bus_close_failed", service=self._name, error=type(error).__name__)

    async def _stands(self) -> None:
        self._limit_send_stall()
        self._up.set()
        self.was_up = True
        log.info("bus_connected", service=self._name)

    async def _lost(self) -> None:
        if self._up.is_set():
            self._up.clear()
            if not self._closing:
                log.warning("bus_lost", service=self._name)

    async def _failed(self, error: Exception) -> None:
        # The URL carries a password, so only the kind of the error and the port are logged.
        log.debug("bus_error", error=type(error).__name__, port=urlsplit(self._url).port)

    def _limit_send_stall(self) -> None:
        """A frozen server with a full send buffer would hang `publish` for ever without this."""
        raw = socket_of(self._client)
        if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)


class Consumer(Generic[E]):
    """Runs one subscription: pulls, handles, acknowledges, retries, buries."""

    def __init__(
        self,
        bus: Bus,
        sessions: async_sessionmaker[Any],
        sub: Subscription[E],
        after: Callable[[], None],
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._bus, self._sessions, self._sub, self._after = bus, sessions, sub, after
        self._metrics, self._tracing = metrics, tracing
        self._parse = envelope_of(sub.event).model_validate_json

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._bus.connected()
            try:
                async with Puller(self._bus.client, self._sub.stream, self._sub.name) as puller:
                    while self._bus.is_up:
                        await self.settle(await puller.next_batch())
            except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
                log.warning("pull_failed", subscription=self._sub.name, error=repr(error))
            await asyncio.sleep(0.5)

    async def settle(self, messages: Sequence[Msg]) -> None:
        """Handle a batch: together if all goes well, else one by one."""
        parsed = [(m, e) for m in messages if (e := await self._parsed(m)) is not None]
        if not parsed:
            return
        try:
            await self._handle([envelope for _, envelope in parsed])
        except Exception as error:
            if len(parsed) == 1:
                await self._retry_or_bury(parsed[0][0], error)
            else:
                for message, _ in parsed:
                    await self.settle([message])
            return
        self._after()
        now = clock.now()
        for message, envelope in parsed:
            self._count("handled")
            lag = (now - envelope.time).total_seconds()
            self._metrics.event_lag.labels(self._sub.name).observe(max(lag, 0))
            await message.ack()

    def _count(self, outcome: str) -> None:
        self._metrics.events.labels(self._sub.name, outcome).inc()

    async def _parsed(self, message: Msg) -> Envelope[E] | None:
        try:
            envelope: Envelope[E] = self._parse(message.data)
        except ValidationError as error:
            reasons = error.errors(include_url=False, include_input=False)[:3]
            await self._bury(message, f"does not parse: {reasons}")
            return None
        return envelope

    async def _handle(self, envelopes: Iterable[Envelope[E]]) -> None:
        """The handler's writes and the notes that it ran commit together."""
        async with (
            asyncio.timeout(HANDLER_SECONDS),
            self._sessions() as session,
            session.begin(),
        ):
            for envelope in envelopes:
                if await inbox.first_time(session, self._sub.name, envelope.id):
                    with self._tracing.span(self._sub.name, parent=envelope.traceparent):
                        await self._sub.handle(session, envelope)

    async def _retry_or_bury(self, message: Msg, error: Exception) -> None:
        """An outage is not the message's fault: only what a handler refuses is buried."""
        attempt = message.metadata.num_delivered
        if is_outage(error):
            self._count("waiting")
            log.warning("handler_waits", subscription=self._sub.name, error=type(error).__name__)
            await message.nak(delay=OUTAGE_RETRY_SECONDS)
            return
        log.error(
            "handler_failed",
            subscription=self._sub.name,
            attempt=attempt,
            error=type(error).__name__,
        )
        if attempt > len(RETRY_SECONDS):
            await self._bury(message, f"{type(error).__name__}: {error}")
        else:
            self._count("retried")
            await message.nak(delay=RETRY_SECONDS[attempt - 1])

    async def _bury(self, message: Msg, reason: str) -> None:
        headers = {
            **(message.headers or {}),
            "Dead-Reason": " ".join(reason.split())[:1000].encode("ascii", "replace").decode(),
            "Dead-Subscription": self._sub.name,
            "Dead-Subject": message.subject,
            "Dead-Event-Id": (message.headers or {}).get("Nats-Msg-Id", ""),
        }
        headers["Nats-Msg-Id"] = f"dead-{self._sub.name}-{message.metadata.sequence.stream}"
        await self._bus.js.publish(f"dead.{message.subject}", message.data, headers=headers)
        await message.term()
        self._count("buried")
        log.error("dead_letter", subscription=self._sub.name, subject=message.subject)
