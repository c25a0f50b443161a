"""What each hall's viewers are sent: recent events kept for resuming, and every event's bytes made
once and written to all of them.

A viewer costs one write an event: no task is woken for it, and none waits for another.
"""

import asyncio
import socket
import struct
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

KEPT_EVENTS = 256
KEPT_HALLS = 2_000
WAITING = 64
"""Pieces kept for a viewer whose answer has not begun."""
BACKLOG_BYTES = 256 * 1024
"""What may lie unsent for a viewer that does not read as fast as its hall goes on."""
_AT_ONCE = struct.pack("ii", 1, 0)


def chunk(frame: bytes) -> bytes:
    """The bytes as a chunk of an answer whose length is not known (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)


@dataclass(eq=False)
class Viewer:
    """One open stream over `transport`; `dropped` once it fell too far behind.

    What happens before its answer has begun waits; from then on pieces are written as they come.
    """

    transport: asyncio.Transport
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    is_staff: bool = False
    dropped: bool = False
    sent_at: float = field(default_factory=time.monotonic)
    _waiting: list[bytes] | None = field(default_factory=list)

    def begin(self) -> None:
        """The head of the answer has been sent, and the first of its body."""
        waiting, self._waiting = self._waiting or [], None
        for piece in waiting:
            self.offer(piece, time.monotonic())

    def offer(self, piece: bytes, now: float) -> None:
        """Writes the chunk. A viewer that does not keep up is dropped, and may come back."""
        if self.ended.is_set() or self.transport.is_closing():
            return
        if self._waiting is not None:
            self._waiting.append(piece)
        elif self.transport.get_write_buffer_size() <= BACKLOG_BYTES:
            self.transport.write(piece)
            self.sent_at = now
            return
        if self._waiting is None or len(self._waiting) > WAITING:
            self._drop()

    def end(self) -> None:
        """No more pieces: the stream ends after what was written."""
        self.ended.set()

    def _drop(self) -> None:
        """With a reset: what lies unsent in the kernel is of no use to anybody either."""
        self.dropped = True
        connected = self.transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()
        self.ended.set()


class KeptFrame(NamedTuple):
    """An event as it was sent, and whether only the staff of the hall were."""

    position: int
    frame: bytes
    for_staff: bool = False


@dataclass
class Hall:
    """The viewers of one hall and its last events.

    All that happened from the position `begins` on is among them.
    """

    begins: int = 0
    viewers: set[Viewer] = field(default_factory=set)
    recent: deque[KeptFrame] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    refreshing: asyncio.Task[None] | None = None
    display: bytes | None = None

    def keep(self, position: int, frame: bytes, *, for_staff: bool = False) -> None:
        """One more event; the oldest one is forgotten where there are enough."""
        if len(self.recent) == self.recent.maxlen:
            self.begins = max(self.begins, self.recent[0].position + 1)
        self.recent.append(KeptFrame(position, frame, for_staff))

    def after(self, position: int, *, is_staff: bool = False) -> list[bytes] | None:
        """The frames behind `position`; None when some of them may have been forgotten."""
        if position + 1 < self.begins:
            return None
        behind = (kept for kept in self.recent if kept.position > position)
        return [kept.frame for kept in behind if is_staff or not kept.for_staff]

    @property
    def first(self) -> int | None:
        """The position of the first event that is held."""
        return self.recent[0].position if self.recent else None

    def send(self, frame: bytes, *, for_staff: bool = False) -> None:
        """Writes the frame to all viewers whom it is for, as one and the same bytes."""
        piece, now = chunk(frame), time.monotonic()
        for viewer in self.viewers:
            if viewer.is_staff or not for_staff:
                viewer.offer(piece, now)


class Halls:
    """The halls by code; those without viewers are forgotten, least recently used first."""

    def __init__(self) -> None:
        self._halls: OrderedDict[str, Hall] = OrderedDict()
        self._begins = 0

    def begin(self, position: int, *, anew: bool) -> None:
        """Nothing before the position is known from now on; `anew`: no position is any more."""
        self._begins = position if anew else max(self._begins, position)
        for hall in self._halls.values():
            hall.begins = self._begins if anew else max(hall.begins, position)
            if anew:
                hall.recent.clear()

    def __getitem__(self, code: str) -> Hall:
        hall = self._halls.get(code)
        if hall is None:
            hall = self._halls[code] = Hall(begins=self._begins)
        self._halls.move_to_end(code)
        if len(self._halls) > KEPT_HALLS:
            self._forget_one()
        return hall

    def _forget_one(self) -> None:
        for code, hall in self._halls.items():
            if not hall.viewers:
                if hall.recent:  # it may come back, and then has forgotten these
                    self._begins = max(self._begins, hall.recent[-1].position + 1)
                del self._halls[code]
                return

    def viewers(self) -> list[Viewer]:
        return [viewer for hall in self._halls.values() for viewer in hall.viewers]
