"""A week of a province's portals, played with the rules of the service on a clock of its own. Pure.

Played is what the runners of some instances do: they queue what is due, one of a host, claim the
oldest run whose host is free, walk it with a request a second, and note how it ended. What becomes
of a portal's health and when it is read again are the rules of the service; who is queued and whom
a runner takes is the order of `DUE` and `CLAIM`, which `province` compares with the database.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import cast

from services.projects.collecting.rules import QUEUED_AT_ONCE
from services.projects.collecting.runners import LOOK_AGAIN_SECONDS
from services.projects.portals.models import Portal, PortalHealth
from services.projects.portals.rules import SOON_AGAIN, next_run_at
from services.projects.portals.workflow import WORKFLOW, Outcome

BEGIN = datetime(2026, 11, 30, tzinfo=UTC)
A_DAY = 86_400.0
DOWN_IN = 200
"""One portal in so many is down for a day of the week; each try costs what a timeout takes."""
TIMEOUT_SECONDS = 20.0


@dataclass(slots=True)
class PlayedPortal:
    """What the rules look at in a portal, and what is noted of it."""

    host: int
    requests: int
    down_on: int
    """On which day it cannot be read; -1: on none."""
    next_run_at: datetime = BEGIN
    every_minutes: int = 1440
    health: PortalHealth = PortalHealth.UNKNOWN
    longest_wait: float = 0.0
    good_walks: int = 0


@dataclass
class Week:
    """The portals with their hosts, how many runners there are, and what came of it."""

    portals: list[PlayedPortal]
    runners: int
    pace: float = 1.0
    days: int = 7
    walks: int = 0
    failed: int = 0
    clashes: int = 0
    """How often two were on a host, or a host was asked before its pause was over."""
    per_day: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _lines: dict[int, list[tuple[datetime, int]]] = field(default_factory=dict)
    """The portals of a host that nobody walks, by when they are due."""
    _open: list[tuple[datetime, int, int]] = field(default_factory=list)
    """The first of each line of whose host none is queued; some are so no more."""
    _queued: set[int] = field(default_factory=set)
    _waiting: list[tuple[datetime, int, int]] = field(default_factory=list)
    _free_at: dict[int, float] = field(default_factory=dict)
    _walking: set[int] = field(default_factory=set)
    _walked: set[int] = field(default_factory=set)
    _left_at: dict[int, float] = field(default_factory=dict)
    _ends: list[tuple[float, int]] = field(default_factory=list)

    def play(self) -> None:
        """From a first day on which everything is due at once to the end of the week."""
        for at, portal in enumerate(self.portals):
            self._put(portal, at)
        clock, end = 0.0, self.days * A_DAY
        while clock < end:
            while len(self._walking) < self.runners and self._claim(clock):
                pass
            clock = self._next(clock)
            while self._ends and self._ends[0][0] <= clock:
                self._finish(*heapq.heappop(self._ends))

    def _claim(self, clock: float) -> bool:
        """Take the oldest run whose host is free, after a look at what is due where none is."""
        at = self._first(clock)
        if at is None:
            self._queue_due(clock)
            at = self._first(clock)
        if at is None:
            return False
        portal = self.portals[at]
        waits = clock - (portal.next_run_at - BEGIN).total_seconds()
        portal.longest_wait = max(portal.longest_wait, waits)
        is_early = clock < self._left_at.get(portal.host, -self.pace) + self.pace
        self.clashes += is_early or portal.host in self._walked
        self._walked.add(portal.host)
        is_down = portal.down_on == int(clock // A_DAY)
        lasts = TIMEOUT_SECONDS if is_down else portal.requests * self.pace
        self._free_at[portal.host] = clock + lasts + self.pace
        self._walking.add(at)
        heapq.heappush(self._ends, (clock + lasts, at))
        return True

    def _first(self, clock: float) -> int | None:
        """The oldest run whose host is free, taken out of those that wait."""
        passed_over, found = [], None
        while self._waiting and found is None:
            first = heapq.heappop(self._waiting)
            if clock < self._free_at.get(first[2], 0.0):
                passed_over.append(first)
            else:
                found = first
        for each in passed_over:
            heapq.heappush(self._waiting, each)
        if found is None:
            return None
        _, at, host = found
        self._queued.discard(host)
        self._reopen(host)
        return at

    def _queue_due(self, clock: float) -> None:
        now, queued = BEGIN + timedelta(seconds=clock), 0
        while self._open and self._open[0][0] <= now and queued < QUEUED_AT_ONCE:
            due_at, at, host = heapq.heappop(self._open)
            line = self._lines[host]
            if host in self._queued or not line or line[0] != (due_at, at):
                continue
            heapq.heappop(line)
            self._queued.add(host)
            heapq.heappush(self._waiting, (now, at, host))
            queued += 1

    def _put(self, portal: PlayedPortal, at: int) -> None:
        heapq.heappush(self._lines.setdefault(portal.host, []), (portal.next_run_at, at))
        if portal.host not in self._queued:
            self._reopen(portal.host)

    def _reopen(self, host: int) -> None:
        if line := self._lines[host]:
            heapq.heappush(self._open, (*line[0], host))

    def _finish(self, clock: float, at: int) -> None:
        portal = self.portals[at]
        now = BEGIN + timedelta(seconds=clock)
        is_down = portal.down_on == int(clock // A_DAY)
        step = WORKFLOW.find(portal.health, 1, Outcome.FAILED if is_down else Outcome.READ)
        portal.health = step.to
        wait = SOON_AGAIN if step.is_soon_again else None
        portal.next_run_at = next_run_at(cast(Portal, portal), now, wait)
        self._put(portal, at)
        self._walking.discard(at)
        self._walked.discard(portal.host)
        self._left_at[portal.host] = clock
        self.walks += 1
        self.failed += is_down
        if not is_down:
            portal.good_walks += 1
            self.per_day[int(clock // A_DAY)] += 1

    def _next(self, clock: float) -> float:
        """The next moment at which a runner looks: a walk's end, or that it looks again."""
        look_again = clock + LOOK_AGAIN_SECONDS
        if len(self._walking) == self.runners:
            return self._ends[0][0]
        return min(look_again, self._ends[0][0]) if self._ends else look_again


def province(counties: int, units: int, portals: int) -> Iterator[PlayedPortal]:
    """Two fifths of a unit's columns stand on its county's site, two on one of the province's
    twenty platforms, and one on a site of its own."""
    for county in range(counties):
        for unit in range(units):
            for at in range(portals):
                number = county * units + unit
                own, platform = 1_000 + counties + number, 900 + (number // units + at) % 20
                host = (county, county, own, platform, 900 + (number + at) % 20)[at % 5]
                drawn = _draw(county, unit, at)
                down_on = drawn % 7 if drawn % DOWN_IN == 0 else -1
                yield PlayedPortal(1_000 + host if host < 900 else host, 4 + drawn % 5, down_on)


def _draw(*place: int) -> int:
    return int.from_bytes(blake2b(repr(place).encode(), digest_size=4).digest())
