"""In which order the items of one number are seen to, where no window serves all of them. Pure.

Each time the line that is shortest at the moment: of those who wait at the open windows that serve
the items, their standard minutes, by the number of these windows.
"""

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID


class FloorWindow(NamedTuple):
    """A window in use, what it serves, and whether it takes people now."""

    id: UUID
    items: frozenset[str]
    is_open: bool


class FloorLine(NamedTuple):
    """All who wait for the same, and how many minutes they take together."""

    items: frozenset[str]
    minutes: int


class NextLeg(NamedTuple):
    """What is seen to next, at a window that serves all of it, and what comes after that."""

    items: list[str]
    pending: list[str]
    window_id: UUID


def shortest_leg(
    items: Sequence[str],
    windows: Sequence[FloorWindow],
    lines: Sequence[FloorLine],
    *,
    alone: Collection[str] = (),
) -> NextLeg | None:
    """The leg whose line is shortest, with as many of the items as its window serves; those that
    are booked have each a leg `alone`. None where no window serves any of them.
    """
    ways: dict[tuple[str, ...], UUID] = {}
    for window in windows:
        served = [item for item in items if item in window.items]
        booked = [item for item in served if item in alone]
        way = tuple(booked[:1] or served)
        if way:
            ways.setdefault(way, window.id)
    if not ways:
        return None
    whole = tuple(items)
    best = whole if whole in ways else min(ways, key=lambda way: _order(way, items, windows, lines))
    return NextLeg([*best], [item for item in items if item not in best], ways[best])


def _order(
    way: tuple[str, ...],
    items: Sequence[str],
    windows: Sequence[FloorWindow],
    lines: Sequence[FloorLine],
) -> tuple[float, int, int]:
    """The shorter line first; of two as short, where more is done, and what was named first."""
    serving = [window for window in windows if window.is_open and window.items.issuperset(way)]
    return _wait(serving, lines), -len(way), items.index(way[0])


def _wait(serving: Sequence[FloorWindow], lines: Sequence[FloorLine]) -> float:
    if not serving:
        return math.inf
    there = (line for line in lines if any(line.items <= window.items for window in serving))
    return sum(line.minutes for line in there) / len(serving)
