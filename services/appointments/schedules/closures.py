"""What a closure leaves of a slot. Pure: no clock, no database.

A closure shuts the hall, or only a window, an item, or the slots of a rule; where it names several,
only what is all of them. Slots belong to no window: while one is shut, an item that no other window
serves cannot be booked, and of the places there are as many as of the windows that serve the slot.
Who comes for what the shut windows never served does not lose a place by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import NamedTuple

Served = Mapping[int, frozenset[str]]
"""The items of each window of the hall, by the window's number."""


class Shut(NamedTuple):
    """A time in which the hall sees nobody, or nobody at a window, for an item, by a rule."""

    starts_at: datetime
    ends_at: datetime
    window: int | None = None
    item: str | None = None
    rule: str | None = None

    def touches(self, starts_at: datetime, ends_at: datetime) -> bool:
        return starts_at < self.ends_at and self.starts_at < ends_at


class Slowed(NamedTuple):
    """A window that sees so much of what it usually does: 1 is all of it."""

    window: int
    share: Fraction


class Left(NamedTuple):
    """The items of a slot that can still be booked, and the share of its places.

    `spared` are those of the items that no shut window served, where places are lost.
    """

    items: tuple[str, ...]
    share: Fraction
    spared: frozenset[str] = frozenset()

    def places(self, capacity: int, promised: Mapping[str, int]) -> int:
        """Of so many, with those promised by item: rounded up, for who might still be seen does not
        lose their place, and never fewer than are promised to the spared."""
        kept, left = sum(promised.get(item, 0) for item in self.spared), ceil(capacity * self.share)
        return min(max(capacity, left), max(left, kept))


def left_of(
    rule: str,
    items: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    closures: Iterable[Shut],
    served: Served,
    slowed: Sequence[Slowed] = (),
) -> Left:
    """What these closures leave of a slot: no items at all where it is shut altogether."""
    shut = [one for one in closures if one.rule in (None, rule) and one.touches(starts_at, ends_at)]
    if any(one.window is None and one.item is None for one in shut):
        return Left((), Fraction(0))
    closed = {one.item for one in shut if one.window is None}
    stay = [item for item in items if item not in closed]
    windows = [one for one in shut if one.window is not None]
    if not windows and not slowed:
        return Left(tuple(stay), Fraction(1))
    return _without(windows, items, stay, served, slowed)


def _without(
    windows: Sequence[Shut],
    items: Sequence[str],
    stay: Sequence[str],
    served: Served,
    slowed: Sequence[Slowed],
) -> Left:
    """The same where windows are shut, whole or for an item only, or see more or fewer people."""

    def serves(window: int, item: str) -> bool:
        return item in served[window] and not any(
            one.window == window and one.item in (None, item) for one in windows
        )

    lost = {
        item
        for item in stay
        if any(item in codes for codes in served.values())
        and not any(serves(window, item) for window in served)
    }
    left = tuple(item for item in stay if item not in lost)
    before = [window for window, codes in served.items() if codes & set(items)]
    now = [window for window in before if any(serves(window, item) for item in left)]
    pace = {one.window: one.share for one in slowed}
    seen = sum((pace.get(window, Fraction(1)) for window in now), Fraction(0))
    if seen == len(before):
        return Left(left, Fraction(1))
    spared = (
        item
        for item in left
        if all(
            serves(window, item) and pace.get(window, 1) >= 1
            for window, codes in served.items()
            if item in codes
        )
    )
    return Left(left, seen / len(before), frozenset(spared))
