"""What a forecast of waiting times is made from, and what it says. Times are minutes from now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

LONG_WAIT_MINUTES = 150
"""Whoever may wait longer is advised to go to another hall, or to come at another time."""


def seq_of(hall: str) -> str:
    """SQL: a number that grows with all that happens to the hall, its tickets and its windows."""
    return (
        f"coalesce((SELECT seq FROM hall_floor WHERE hall_code = {hall}), 0)"
        f" + coalesce((SELECT sum(version) FROM window_at_work WHERE hall_code = {hall}), 0)"
        f" + coalesce((SELECT version FROM hall WHERE code = {hall}), 0)"
    )


@dataclass(frozen=True, slots=True)
class QueuedTicket:
    """A ticket that waits, as a kept forecast may remember it: its values, never its row.

    A row belongs to the transaction that read it, and dies when that one is rolled back.
    """

    id: UUID
    item_code: str
    items: tuple[str, ...]
    for_window_id: UUID | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Someone in the queue; `due` orders it, `arrives` is above 0 for people still expected."""

    key: UUID
    item: str
    items: frozenset[str]
    due: float
    arrives: float = 0.0
    shows_up: float = 1.0
    window: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that is open now, and what it has been busy with for how long."""

    window: UUID
    items: frozenset[str]
    busy_with: str | None = None
    elapsed: float = 0.0


@dataclass(frozen=True)
class Floor:
    """The present state of a hall, as far as waiting depends on it."""

    queue: tuple[Waiting, ...]
    windows: tuple[OpenWindow, ...]
    standard_minutes: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """Per item, how often a call kept its window busy for so long: bucket -> decayed count."""


class ShorterWait(NamedTuple):
    """Another hall, and the wait that 85 of 100 who join there do not exceed."""

    hall_code: str
    name: str
    name_en: str | None
    p85_minutes: int


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What somebody who would wait very long may do instead, as far as there is anything.

    `bookable_at` is in the hall's zone.
    """

    elsewhere: ShorterWait | None
    bookable_at: datetime | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """`p50_minutes` to `p85_minutes`, each rounded up to 5; None when no open window serves it.

    Then `served` is False, and `served_from` is when one is expected, where that is known.
    `alternatives` is there where the wait is very long.
    """

    ahead: int
    p50_minutes: int | None
    p85_minutes: int | None
    served: bool = True
    served_from: datetime | None = None
    alternatives: Alternatives | None = None

    @property
    def is_long(self) -> bool:
        return (self.p85_minutes or 0) > LONG_WAIT_MINUTES
