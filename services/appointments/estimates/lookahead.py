"""A hall that was run forward, and what whoever joins it must expect, without another run. Pure.

Nobody who joins changes anything before their turn. So in each run their turn is when a window that
serves them takes somebody who is due later, or is idle; whoever they go before comes one turn later
each, and at the end of the line a window works on for one person more.
"""

import heapq
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import inf, nextafter
from random import Random
from typing import NamedTuple

from services.appointments.estimates import rules
from services.appointments.estimates.rules import Calls, Line
from services.appointments.estimates.schemas import Estimate, Floor, Waiting

Windows = frozenset[int]
"""Windows by their places in the floor."""


class _Turns:
    """When some windows take somebody in one run.

    The turn `calls[n]`, after some minutes and at some window, is that of the first in line who is
    due after all of `due[:n]`.
    """

    __slots__ = ("_calls", "_due", "_free")

    def __init__(self, calls: Calls, windows: Windows) -> None:
        self._calls, self._due = list[tuple[float, int]](), list[float]()
        idle, latest = dict[int, float](), -inf
        for at, window, due in zip(calls.at, calls.window, calls.due, strict=True):
            if window in windows:
                latest = max(latest, due)
                self._calls.append((at, window))
                self._due.append(latest)
                idle[window] = at
        self._free = sorted((at, window) for window, at in idle.items())
        """From when on each window has nobody any more; a heap."""

    def turn(self, due: float) -> tuple[float, int]:
        """Minutes until the turn of somebody who joins now and is due then, and at which window."""
        return self._calls[bisect_right(self._due, due)]

    def take(self, due: float, minutes: float) -> None:
        """Somebody joined who will be that long at a window."""
        self._due.insert(bisect_right(self._due, due), due)
        at, window = self._free[0]
        again = (at + minutes, window)
        heapq.heapreplace(self._free, again)
        insort(self._calls, again)


class _Joined(NamedTuple):
    """Who has joined in one run: which window takes them, and for how long."""

    due: float
    window: int
    minutes: float


class Lookahead:
    """The estimates of who is there, and of who joins; see the module's docstring."""

    def __init__(self, floor: Floor, rng: Random) -> None:
        self._runs: list[Calls] = []
        self.estimates = rules.forecast(floor, rng, self._runs)
        self._windows = floor.windows
        self._minutes = cache(lambda item: rules.draws(floor, item, rng))
        self._served_at: dict[Line, Windows] = {}
        self._turns: dict[Windows, list[_Turns]] = {}
        self._joined: list[list[_Joined]] = []
        self._dues: dict[Line, list[float]] = {}
        for person in floor.queue:
            if person.arrives <= 0:
                self._stand_in_line(person)

    def estimate(self, who: Waiting) -> Estimate:
        """What somebody who joins now must expect, behind those due at the same moment."""
        serving = self._serving(_line(who))
        ahead = sum(
            bisect_right(dues, who.due)
            for line, dues in self._dues.items()
            if line == _line(who) or self._serving(line) & serving
        )
        waits = [turns.turn(who.due)[0] for turns in self._turns_at(serving)]
        return rules.estimate(waits, ahead, len(self._runs), served=bool(serving))

    def of_joined(self, who: Waiting) -> Estimate:
        """What somebody who has joined must expect by now."""
        return self.estimate(replace(who, due=nextafter(who.due, -inf)))  # before themselves

    def take(self, who: Waiting) -> None:
        """Somebody has joined: all who join from now on reckon with them."""
        self._stand_in_line(who)
        minutes: Iterator[float] = self._minutes(who.item)
        turns_at = self._turns_at(self._serving(_line(who)))
        joined = [_Joined(who.due, turns.turn(who.due)[1], next(minutes)) for turns in turns_at]
        self._joined.append(joined)
        for windows, each in self._turns.items():
            _put(joined, windows, each)

    def _stand_in_line(self, who: Waiting) -> None:
        insort(self._dues.setdefault(_line(who), []), who.due)

    def _turns_at(self, windows: Windows) -> list[_Turns]:
        """In each run, the turns at these windows; none where there is no window."""
        if windows and windows not in self._turns:
            each = [_Turns(calls, windows) for calls in self._runs]
            for joined in self._joined:
                _put(joined, windows, each)
            self._turns[windows] = each
        return self._turns.get(windows, [])

    def _serving(self, line: Line) -> Windows:
        if line not in self._served_at:
            items, window = line
            self._served_at[line] = frozenset(
                place
                for place, each in enumerate(self._windows)
                if items <= each.items and window in (None, each.window)
            )
        return self._served_at[line]


def _put(joined: list[_Joined], windows: Windows, each: list[_Turns]) -> None:
    """Whom one of the windows takes, run by run."""
    for one, turns in zip(joined, each, strict=False):
        if one.window in windows:
            turns.take(one.due, one.minutes)


def _line(who: Waiting) -> Line:
    return who.items, who.window
