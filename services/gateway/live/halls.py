"""What each hall's viewers are sent: recent events kept for resuming, and a bounded queue each."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

KEPT_EVENTS = 256
KEPT_HALLS = 2_000
QUEUE = 64


@dataclass(eq=False)
class Viewer:
    """One open stream; `dropped` once it fell too far behind."""

    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    dropped: bool = False

    def offer(self, frame: bytes) -> None:
        """Queues the frame; a viewer that does not keep up is dropped, and may come back."""
        if self.dropped:
            return
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """No more frames: the stream ends after what fits."""
        self.dropped = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


@dataclass
class Hall:
    """The viewers of one hall and its last events, as (position, frame).

    All that happened from the position `begins` on is among them.
    """

    begins: int = 0
    viewers: set[Viewer] = field(default_factory=set)
    recent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    refreshing: asyncio.Task[None] | None = None
    display: bytes | None = None

    def keep(self, position: int, frame: bytes) -> None:
        """One more event; the oldest one is forgotten where there are enough."""
        if len(self.recent) == self.recent.maxlen:
            self.begins = max(self.begins, self.recent[0][0] + 1)
        self.recent.append((position, frame))

    def after(self, position: int) -> list[bytes] | None:
        """The frames behind `position`; None when some of them may have been forgotten."""
        if position + 1 < self.begins:
            return None
        return [frame for at, frame in self.recent if at > position]

    @property
    def first(self) -> int | None:
        """The position of the first event that is held."""
        return self.recent[0][0] if self.recent else None

    def send(self, frame: bytes) -> None:
        for viewer in self.viewers:
            viewer.offer(frame)


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
                    self._begins = max(self._begins, hall.recent[-1][0] + 1)
                del self._halls[code]
                return

    def viewers(self) -> list[Viewer]:
        return [viewer for hall in self._halls.values() for viewer in hall.viewers]
