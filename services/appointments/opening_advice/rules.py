"""Which window to open: by running the hall forward with it, and without. Pure.

Both are run from the same present state by the rules of the forecast that people are told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple
from uuid import UUID

from services.appointments.estimates.rules import forecast
from services.appointments.estimates.schemas import Estimate, Floor, OpenWindow, Waiting
from services.appointments.queueing.models import WindowState

LEAST_SAVED = 5
"""Waits are told in steps of five minutes: less is none."""
MOST_TRIED = 4
"""Each takes as long as a forecast of the hall."""

Estimates = Mapping[UUID, Estimate]


class ClosedWindow(NamedTuple):
    """A window that could be opened now, and what it would serve."""

    id: UUID
    no: int
    name: str
    state: WindowState
    items: frozenset[str]


class Saving(NamedTuple):
    """What opening a window does for those who would wait too long: the longest of their waits as
    it is, None where no window serves them, and with it."""

    window: ClosedWindow
    item_codes: list[str]
    waiting: int
    p85_minutes: int | None
    p85_minutes_then: int

    @property
    def saves_minutes(self) -> int | None:
        """None: they would wait for ever."""
        return None if self.p85_minutes is None else self.p85_minutes - self.p85_minutes_then


def too_long(floor: Floor, estimates: Estimates, limit: int) -> list[Waiting]:
    """Those who are there and would wait longer, or whom no open window serves."""

    def waits(person: Waiting) -> int | None:
        return estimates[person.key].p85_minutes

    there = (person for person in floor.queue if person.arrives <= 0)
    return [one for one in there if (wait := waits(one)) is None or wait > limit]


def candidates(closed: Sequence[ClosedWindow], late: Sequence[Waiting]) -> list[ClosedWindow]:
    """Those that serve somebody who waits too long, the most first; of several that serve the same
    people the one where somebody sits already, and then the first."""
    helped = {window.id: frozenset(one.key for one in late if _serves(window, one))
              for window in closed}  # fmt: skip
    order = sorted(
        (window for window in closed if helped[window.id]),
        key=lambda w: (-len(helped[w.id]), w.state is not WindowState.PAUSED, w.no),
    )
    found: dict[frozenset[UUID], ClosedWindow] = {}
    for window in order:
        found.setdefault(helped[window.id], window)
    return [*found.values()][:MOST_TRIED]


def saving(
    floor: Floor, window: ClosedWindow, late: Sequence[Waiting], estimates: Estimates, seed: int
) -> Saving | None:
    """What it saves if it were open as well; None where that is nothing."""
    opened = OpenWindow(window.id, window.items)
    then = forecast(replace(floor, windows=(*floor.windows, opened)), Random(seed))
    helped = [one for one in late if _serves(window, one)]
    found = Saving(
        window,
        sorted({one.item for one in helped}),
        len(helped),
        _longest(estimates, helped),
        _longest(then, helped) or 0,
    )
    saved = found.saves_minutes
    return found if saved is None or saved >= LEAST_SAVED else None


def best_first(found: Sequence[Saving]) -> list[Saving]:
    """Who would wait for ever comes before who waits less long, and many before few."""

    def order(one: Saving) -> tuple[bool, int, int, int]:
        saved = one.saves_minutes
        return saved is not None, -(saved or 0), -one.waiting, one.window.no

    return sorted(found, key=order)


def _serves(window: ClosedWindow, person: Waiting) -> bool:
    return person.items <= window.items and person.window in (None, window.id)


def _longest(estimates: Estimates, people: Sequence[Waiting]) -> int | None:
    """None where one of them is not served at all."""
    waits = [estimates[one.key].p85_minutes for one in people]
    known = [wait for wait in waits if wait is not None]
    return max(known) if len(known) == len(waits) else None
