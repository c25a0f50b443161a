"""One reader of the appointments stream a process, and the present display of each watched hall."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import nats.errors
import nats.js.errors
import orjson
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from services.gateway.live import rules
from services.gateway.live.halls import KEPT_HALLS, Hall, Halls, Viewer
from shared.cache import Cache
from shared.errors import Problem, Unavailable
from shared.messaging.bus import Bus
from shared.messaging.pull_consumer import Puller

STREAM = "APPOINTMENTS"
_KINDS = ("ticket", "window", "hall", "release", "alarm", "opening")
SUBJECTS = [f"appointments.{kind}.>" for kind in _KINDS]
PRIMED_WITH = 2_000
"""Messages read again at the start, so that a screen can resume over our own restart."""
KEPT_FOR_STAFF = 10
"""One viewer of so many is of the staff of a hall: however many look at screens, they hear of an
alarm."""
INACTIVE_SECONDS = 60.0
CHECKED_SECONDS = 15.0
KNOWN_SECONDS = 60.0
SETTLE_SECONDS = 0.15
"""Events come in bursts: a display is read again once for all of them."""

log = structlog.get_logger()

ShowDisplay = Callable[[str], Awaitable[dict[str, Any]]]


class Feed:
    """Feeds the viewers of all halls. `show_display` asks the service for a hall's display."""

    def __init__(self, show_display: ShowDisplay, *, viewers_limit: int) -> None:
        self._show_display, self._limit = show_display, viewers_limit
        self._halls = Halls()
        self._known: Cache[str, dict[str, Any]] = Cache(most=KEPT_HALLS, seconds=KNOWN_SECONDS)
        self._position = 0
        self._viewing = 0
        self._closing = False

    @asynccontextmanager
    async def view(
        self,
        code: str,
        last_seen: int | None,
        transport: asyncio.Transport,
        *,
        is_staff: bool = False,
    ) -> AsyncIterator[tuple[Viewer, bytes]]:
        """A viewer of the hall over a client's connection, and what it is sent first: what it
        missed, and the display.

        Raises NotFound for an unknown hall and Unavailable when there is no room.
        """
        most = self._limit if is_staff else self._limit - self._limit // KEPT_FOR_STAFF
        if self._viewing >= most or self._closing:
            raise Unavailable(retry_after=5)
        hall, viewer = self._halls[code], Viewer(transport, is_staff=is_staff)
        hall.viewers.add(viewer)
        self._viewing += 1
        try:
            position = self._position
            missed = self._missed(hall, last_seen, is_staff=is_staff)
            display = rules.frame(position, "display", await self.display(code))
            yield viewer, b"".join([rules.RETRY, *missed, display])
        finally:
            hall.viewers.discard(viewer)
            self._viewing -= 1

    def _missed(self, hall: Hall, last_seen: int | None, *, is_staff: bool) -> list[bytes]:
        """What the viewer missed; a reset where that is not known any more, or never was."""
        if last_seen is None:
            return []
        is_known = last_seen <= self._position
        missed = hall.after(last_seen, is_staff=is_staff) if is_known else None
        if missed is not None:
            return missed
        first = self._position if hall.first is None else hall.first
        return [rules.frame(first, "reset", {"first_id": first, "last_event_id": last_seen})]

    async def ensure(self, code: str) -> None:
        """Raises NotFound for an unknown hall, Unavailable where nobody can say; remembers."""
        await self._known.get(code, lambda: self._show_display(code))

    async def display(self, code: str) -> dict[str, Any]:
        """What the hall's screens show now. Raises NotFound or Unavailable."""
        return rules.display(await self._show_display(code))

    def refresh(self, code: str) -> None:
        """Reads the display again and sends it, though nothing happened: waits go on, and a
        screen that hears nothing could not tell a quiet hall from a dead link."""
        self._refresh_soon(code, self._halls[code])

    @property
    def viewing(self) -> int:
        """How many streams are open."""
        return self._viewing

    def close(self) -> None:
        """Ends every stream and takes no more."""
        self._closing = True
        for viewer in self._halls.viewers():
            viewer.end()

    async def run(self, bus: Bus) -> None:
        """Reads until cancelled, beginning again behind what was read after every loss."""
        while True:
            await bus.connected()
            try:
                await self._read(bus)
            except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
                log.warning("live_feed_lost", error=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _read(self, bus: Bus) -> None:
        name = f"live-{secrets.token_hex(8)}"
        await bus.js.add_consumer(STREAM, await self._consumer(bus, name))
        loop = asyncio.get_running_loop()
        checked_at = loop.time()
        async with Puller(bus.client, STREAM, name) as puller:
            while bus.is_up:
                for message in await puller.next_batch():
                    self._take(message)
                    checked_at = loop.time()
                if loop.time() - checked_at > CHECKED_SECONDS:
                    await bus.js.consumer_info(STREAM, name)  # raises if the server forgot it
                    checked_at = loop.time()

    async def _consumer(self, bus: Bus, name: str) -> ConsumerConfig:
        state = (await bus.js.stream_info(STREAM)).state
        anew = state.last_seq < self._position  # the stream was made again
        if anew:
            self._position = 0
        start = self._position + 1 if self._position else max(1, state.last_seq - PRIMED_WITH)
        if not self._position or state.first_seq > start:
            self._halls.begin(max(start, state.first_seq), anew=anew)
        return ConsumerConfig(
            name=name,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=AckPolicy.NONE,
            filter_subjects=SUBJECTS,
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )

    def _take(self, message: Msg) -> None:
        position = message.metadata.sequence.stream
        if position <= self._position:
            return
        self._position = position
        code = message.subject.rpartition(".")[2]
        try:
            event = rules.shown(orjson.loads(message.data))
        except (ValueError, KeyError, TypeError):
            log.warning("live_event_unreadable", position=position)
            return
        hall = self._halls[code]
        frame = rules.frame(position, event["type"], event)
        for_staff = rules.is_for_staff(event["type"])
        hall.keep(position, frame, for_staff=for_staff)
        if hall.viewers:
            hall.send(frame, for_staff=for_staff)
            if rules.is_on_display(event["type"]):
                self._refresh_soon(code, hall)

    def _refresh_soon(self, code: str, hall: Hall) -> None:
        hall.changed.set()
        if hall.refreshing is None or hall.refreshing.done():
            hall.refreshing = asyncio.get_running_loop().create_task(self._refresh(code, hall))

    async def _refresh(self, code: str, hall: Hall) -> None:
        """Reads the display once for all changes that came meanwhile; sends it to the viewers."""
        while hall.changed.is_set() and hall.viewers:
            await asyncio.sleep(SETTLE_SECONDS)
            hall.changed.clear()
            position = self._position
            try:
                display = await self.display(code)
            except Problem as problem:
                log.info("display_not_read", problem=problem.type)
                hall.changed.set()
                await asyncio.sleep(1)
                continue
            hall.send(rules.frame(position, "display", display))
