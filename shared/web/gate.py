"""Who may work now, who waits and who is refused: one rule for a service and for whoever asks it.

A server that takes everything in finishes nothing in time once more is asked than it can do: each
answer waits behind work whose caller has gone. So no more is at work than is answered quickly, the
others wait for a moment in the order of their priority, and the rest is refused at once.

Pure: moments are seconds of any steady clock, handed in. `entered` is the rule in an event loop.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class Priority(IntEnum):
    """What is done first; an operation names its own in `x-priority`.

    An emergency is no part of any rush: it is let in at once, whatever else is at work.
    """

    EMERGENCY = -1
    WINDOW = 0
    BOOKING = 1
    READING = 2
    EXPORT = 3


EXTENSION = "x-priority"
REMEMBERED = "x-remembered-seconds"
"""On a reading that is the same for everybody: how long the gateway may answer it from memory."""
SHARES = {
    Priority.EMERGENCY: math.inf,
    Priority.WINDOW: 1.0,
    Priority.BOOKING: 0.8,
    Priority.READING: 0.8,
    Priority.EXPORT: 0.4,
}
"""How much of the limit each may take: a fifth is kept for people who stand at a window, and what
cannot wait goes over it, because there is never much of that."""
ASKED_AGAIN = frozenset({Priority.READING, Priority.EXPORT})
"""Who only looks asks again anyhow: under a lasting rush they wait briefly, and few of them."""
STANDING_SECONDS = 0.5
"""A queue that has not been empty for so long is no burst: more is asked than can be done."""
SHORT_WAIT_SECONDS = 0.1
PRESSED_SECONDS = 2.0
"""So long after somebody who acts had to wait, who looks makes way. Where all only look, a line as
long as is answered in time does no harm: a fixed number who ask again and again are not a rush."""
QUEUE_PER_PLACE = 4
FEW = 2
CALM_SECONDS = 10.0
DOUBLING_SECONDS = 4.0
LONGEST_RETRY = 30
RATE_SECONDS = 1.0


def priority_named(name: str | None, method: str) -> Priority:
    """The priority of that name; by the method where it is none: reading, or booking."""
    try:
        return Priority[(name or "").upper()]
    except KeyError:
        return Priority.READING if method in ("GET", "HEAD", "OPTIONS") else Priority.BOOKING


class Limit:
    """How much may be at work: additive increase, multiplicative decrease (AIMD), as TCP does.

    It grows while what it lets in is answered within `target_seconds` and it is fully used, and
    shrinks when answers come late. `least` equal to `most` is a limit that stays.
    """

    def __init__(self, *, least: int, most: int, first: int, target_seconds: float = 0.3) -> None:
        self._least, self._most, self._target = least, most, target_seconds
        self._value, self._cut_at = float(first), -math.inf

    @property
    def value(self) -> int:
        return int(self._value)

    def note(self, seconds: float, *, good: bool, full: bool, now: float) -> None:
        """One answer that took so long; `good` unless it failed because of load."""
        if good and seconds <= self._target:
            if full:
                self._value = min(self._most, self._value + 1 / self._value)
        elif now - self._cut_at > self._target:  # all that were let in before the cut are late
            self._value = max(self._least, self._value * 0.8)
            self._cut_at = now

    def begin_again(self) -> None:
        """From the least on: what comes back after an outage is not run over."""
        self._value = float(self._least)


class VisitState(Enum):
    WAITING = "waits for a place"
    WORKING = "has a place"
    TURNED_AWAY = "was refused"
    ENDED = "gave its place back, or its caller left"


@dataclass(eq=False)
class Visit:
    """One request at the gate; `settled` is called when its waiting ends."""

    priority: Priority
    asked_at: float
    state: VisitState = VisitState.WAITING
    began_at: float = 0.0
    settled: Callable[[], None] | None = None

    def turn(self, state: VisitState) -> None:
        self.state = state
        if self.settled is not None:
            self.settled()


@dataclass
class Gate:
    """At most `limit` at work; others wait `wait_seconds` at most. See the module's docstring."""

    limit: Limit
    wait_seconds: float = 1.0
    at_work: int = 0
    waiting: int = 0
    refused: int = 0
    _queues: dict[Priority, deque[Visit]] = field(
        default_factory=lambda: {priority: deque() for priority in Priority}
    )
    _empty_at: float = -math.inf
    _pressed_at: float = -math.inf
    _refusing_since: float = -math.inf
    _refused_at: float = -math.inf
    _finished: float = 0.0
    _finished_at: float = -math.inf

    def ask(self, priority: Priority, now: float) -> Visit:
        """A new visit: at work, waiting, or turned away at once."""
        visit = Visit(priority, now)
        if not self.waiting:
            self._empty_at = now
        else:
            self._turn_stale_away(now)
        before = self._before(priority)
        if self._has_place(priority) and not before:
            self._let_in(visit, now)
        elif before < self._room(priority, now):
            self._queues[priority].append(visit)
            self.waiting += 1
            if priority not in ASKED_AGAIN:
                self._pressed_at = now
        else:
            visit.state = VisitState.TURNED_AWAY
        return visit

    def is_free(self, priority: Priority) -> bool:
        """Whether `ask` would let it in at once, before anybody who waits."""
        return not self.waiting and self._has_place(priority)

    def is_full(self, priority: Priority, now: float) -> bool:
        """Whether `ask` would turn it away, before anything is done for it."""
        before = self._before(priority)
        has_place = self._has_place(priority) and not before
        return not has_place and before >= self._room(priority, now)

    def leave(self, visit: Visit, now: float, *, good: bool = True, counts: bool = True) -> None:
        """Gives the place back to who waits. What `counts` tells how long an answer takes."""
        if visit.state is not VisitState.WORKING:
            self.withdraw(visit)
            return
        full = self.waiting > 0 or self.at_work >= self.limit.value * SHARES[visit.priority]
        visit.state = VisitState.ENDED
        self.at_work -= 1
        self._finished = self._pace(now) + 1
        self._finished_at = now
        if counts:
            self.limit.note(now - visit.began_at, good=good, full=full, now=now)
        self._fill(now)

    def withdraw(self, visit: Visit) -> None:
        """Takes one out that waits: its caller has gone, or has waited long enough."""
        if visit.state is VisitState.WAITING:
            visit.state = VisitState.ENDED
            self._queues[visit.priority].remove(visit)
            self.waiting -= 1

    def retry_after(self, priority: Priority, now: float) -> int:
        """Whole seconds that a refused caller should wait: more the longer the rush lasts.

        Spread, so that those who were refused together do not come back together. Who stands at a
        window is never sent away for long.
        """
        if now - self._refused_at > CALM_SECONDS:
            self._refusing_since = now
        self._refused_at = now
        self.refused += 1
        doublings = min(int((now - self._refusing_since) / DOUBLING_SECONDS), 10)
        base = min(2**doublings, LONGEST_RETRY // 2)
        return 1 if priority <= Priority.WINDOW else base + self.refused % (base + 1)

    def _has_place(self, priority: Priority) -> bool:
        return self.at_work < max(1.0, self.limit.value * SHARES[priority])

    def _let_in(self, visit: Visit, now: float) -> None:
        self.at_work += 1
        visit.began_at = now
        visit.turn(VisitState.WORKING)

    def _fill(self, now: float) -> None:
        """Lets in who waits, while there are places for their kind."""
        if not self.waiting:
            self._empty_at = now
            return
        self._turn_stale_away(now)
        for priority, queue in self._queues.items():
            while queue and self._has_place(priority):
                self.waiting -= 1
                self._let_in(queue.popleft(), now)
        if not self.waiting:
            self._empty_at = now

    def _before(self, priority: Priority) -> int:
        """How many wait who come before a newcomer."""
        if not self.waiting:
            return 0
        return sum(len(queue) for other, queue in self._queues.items() if other <= priority)

    def _is_standing(self, now: float) -> bool:
        return self.waiting > 0 and now - self._empty_at > STANDING_SECONDS

    def _longest_wait(self, priority: Priority, now: float) -> float:
        is_in_the_way = now - self._pressed_at < PRESSED_SECONDS
        if priority in ASKED_AGAIN and is_in_the_way and self._is_standing(now):
            return min(self.wait_seconds, SHORT_WAIT_SECONDS)
        return self.wait_seconds

    def _turn_stale_away(self, now: float) -> None:
        """Those who have waited long enough."""
        for priority, queue in self._queues.items():
            while queue and now - queue[0].asked_at > self._longest_wait(priority, now):
                self.waiting -= 1
                queue.popleft().turn(VisitState.TURNED_AWAY)

    def _room(self, priority: Priority, now: float) -> int:
        """How many may wait: who gets a place in time, at the pace of just now; a burst more."""
        soon = int(self._pace(now) * self._longest_wait(priority, now))
        burst = 0 if self._is_standing(now) else QUEUE_PER_PLACE * self.limit.value
        return max(FEW, soon, burst)

    def _pace(self, now: float) -> float:
        """About how many were finished in the last second."""
        return self._finished * math.exp((self._finished_at - now) / RATE_SECONDS)


class TurnedAway(Exception):
    """More is asked than can be done; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"ask again in {retry_after} s")
        self.retry_after = retry_after


async def entered(gate: Gate, priority: Priority, *, within: float) -> Visit:
    """A visit at work; `gate.leave` ends it. Raises TurnedAway, at the latest after `within`."""
    loop = asyncio.get_running_loop()
    visit = gate.ask(priority, loop.time())
    if visit.state is VisitState.WAITING:
        settled = asyncio.Event()
        visit.settled = settled.set
        try:
            async with asyncio.timeout(min(within, gate.wait_seconds)):
                await settled.wait()
        except TimeoutError:
            gate.withdraw(visit)  # unless it got its place at this very moment
        except asyncio.CancelledError:
            gate.leave(visit, loop.time(), counts=False)
            raise
    if visit.state is not VisitState.WORKING:
        raise TurnedAway(gate.retry_after(priority, loop.time()))
    return visit
