"""Waiting times by running the hall forward many times from its present state. Pure.

A run gives every window a time at which it is free again, then lets the free windows take people
in the order of their due time until nobody is left. The time a person keeps a window busy (the
way to it and the service) is drawn from a histogram of what the item took lately, mixed with a
prior: the item's standard minutes with the weight of 20 observations.
"""

import heapq
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import ceil, exp, inf, log
from random import Random
from uuid import UUID

from services.appointments.estimates.schemas import Estimate, Floor, OpenWindow, Waiting

EDGES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 60, 80, 100, 130, 180, 240)
"""Bounds of the histogram's buckets in minutes; the last one catches what is longer."""
PRIOR_WEIGHT = 20.0
PRIOR_SPREAD = 0.55
DEFAULT_MINUTES = 10
MOST_RUNS, FEWEST_RUNS, STEPS = 64, 16, 6000

Waits = dict[UUID, list[float]]
Line = tuple[frozenset[str], UUID | None]
"""Who waits for the same items and, if any, the same appointed window."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What the windows do in one run, in the order of time: after how many minutes which window, by
    its place in the floor, takes somebody who was due then; nobody (infinity) when it is idle."""

    at: "array[float]" = field(default_factory=lambda: array("d"))
    window: "array[int]" = field(default_factory=lambda: array("H"))
    due: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, at: float, window: int, due: float) -> None:
        self.at.append(at)
        self.window.append(window)
        self.due.append(due)


def bucket_of(minutes: float) -> int:
    """The bucket that a time at the window falls into."""
    return min(bisect_right(EDGES, max(minutes, 0.0)), len(EDGES) - 1) - 1


def shape(standard_minutes: int, seen: Mapping[int, float]) -> list[float]:
    """The weight of each bucket: the prior around the standard minutes plus what was seen."""
    weights = [PRIOR_WEIGHT * share for share in _prior(standard_minutes)]
    for bucket, count in seen.items():
        if 0 <= bucket < len(weights):
            weights[bucket] += count
    return weights


def forecast(floor: Floor, rng: Random, noted: list[Calls] | None = None) -> dict[UUID, Estimate]:
    """The estimate of everyone in the queue who is already there; the runs are `noted`."""
    people = [person for person in floor.queue if person.arrives <= 0]
    runs = max(FEWEST_RUNS, min(MOST_RUNS, STEPS // max(len(floor.queue), 1)))
    plan = _Plan(floor, rng)
    waits: Waits = {person.key: [] for person in people}
    for _ in range(runs):
        calls = Calls()
        for at, window, person in _run(plan, rng):
            calls.add(at, window, inf if person is None else person.due)
            if person is not None and person.key in waits:
                waits[person.key].append(max(at - max(person.arrives, 0.0), 0.0))
        if noted is not None:
            noted.append(calls)
    served_at = _served_at(people, floor.windows)
    ahead = _ahead(people, served_at)
    return {
        p.key: estimate(waits[p.key], ahead[p.key], runs, served=bool(served_at[p.items, p.window]))
        for p in people
    }


def rounded(minutes: float) -> int:
    """What is told to people: rounded up to 5 minutes."""
    return int(ceil(minutes / 5) * 5)


def percentile(ordered: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def _prior(standard_minutes: int) -> list[float]:
    """A log-normal shape whose mean is the standard time."""
    centre = log(standard_minutes) - PRIOR_SPREAD**2 / 2
    weights = [
        (high - low) / middle * exp(-(((log(middle) - centre) / PRIOR_SPREAD) ** 2) / 2)
        for low, high in pairwise(EDGES)
        for middle in ((low + high) / 2,)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]


def _items(floor: Floor) -> set[str]:
    busy = {open_window.busy_with for open_window in floor.windows if open_window.busy_with}
    return {person.item for person in floor.queue} | busy


def draws(floor: Floor, item: str, rng: Random) -> Iterator[float]:
    """Endless times at the window for the item."""
    weights = shape(floor.standard_minutes.get(item, DEFAULT_MINUTES), floor.seen.get(item, {}))
    cumulated = list(accumulate(weights))
    buckets = range(len(weights))
    while True:
        for bucket in rng.choices(buckets, cum_weights=cumulated, k=256):
            low, high = EDGES[bucket], EDGES[bucket + 1]
            yield low + (high - low) * rng.random()


def _residual(open_window: OpenWindow, draws: Mapping[str, Iterator[float]]) -> float:
    """How long the person at the window still stays, given how long it has taken so far."""
    if open_window.busy_with is None:
        return 0.0
    for _, minutes in zip(range(20), draws[open_window.busy_with], strict=False):
        if minutes > open_window.elapsed:
            return minutes - open_window.elapsed
    return next(draws[open_window.busy_with]) / 2


class _Plan:
    """What is the same in every run: the lines of the queue, and which window looks at which.

    A line is everyone with the same items and, if any, the same appointed window.
    """

    def __init__(self, floor: Floor, rng: Random) -> None:
        self.people = sorted(floor.queue, key=lambda person: person.due)
        self.draws = {item: draws(floor, item, rng) for item in _items(floor)}
        self.windows = floor.windows
        kinds = list(dict.fromkeys((p.items, p.window) for p in self.people))
        number = {kind: place for place, kind in enumerate(kinds)}
        self.line_of = [number[p.items, p.window] for p in self.people]
        self.lines = len(kinds)
        self.looks_at = [
            [
                place
                for place, (items, window) in enumerate(kinds)
                if items <= open_window.items and window in (None, open_window.window)
            ]
            for open_window in floor.windows
        ]


def _run(plan: _Plan, rng: Random) -> Iterator[tuple[float, int, Waiting | None]]:
    """One way the day may go on: after how many minutes which window calls whom, or is idle.

    People are named by their place in the order of due times, so that the first of several lines
    is the smallest number.
    """
    lines: list[list[int]] = [[] for _ in range(plan.lines)]
    coming = _admit(plan, lines, rng)
    free = [
        (_residual(open_window, plan.draws), place)
        for place, open_window in enumerate(plan.windows)
    ]
    heapq.heapify(free)
    while free:
        at, place = heapq.heappop(free)
        while coming and coming[-1][0] <= at:
            _, late = coming.pop()
            heapq.heappush(lines[plan.line_of[late]], late)
        heads = [lines[line][0] for line in plan.looks_at[place] if lines[line]]
        if heads:
            first = min(heads)
            heapq.heappop(lines[plan.line_of[first]])
            person = plan.people[first]
            yield at, place, person
            heapq.heappush(free, (at + next(plan.draws[person.item]), place))
            continue
        yield at, place, None
        if coming:
            heapq.heappush(free, (coming[-1][0], place))


def _admit(plan: _Plan, lines: list[list[int]], rng: Random) -> list[tuple[float, int]]:
    """Puts those who are there into their lines; returns who will come, the last one first."""
    coming = []
    for number, person in enumerate(plan.people):
        if person.arrives <= 0:
            lines[plan.line_of[number]].append(number)
        elif rng.random() < person.shows_up:
            coming.append((person.arrives, number))
    return sorted(coming, reverse=True)


def _served_at(people: list[Waiting], windows: tuple[OpenWindow, ...]) -> dict[Line, set[UUID]]:
    """The open windows that serve each line."""
    return {
        line: {d.window for d in windows if line[0] <= d.items and line[1] in (None, d.window)}
        for line in {(person.items, person.window) for person in people}
    }


def _ahead(people: list[Waiting], served_at: Mapping[Line, set[UUID]]) -> dict[UUID, int]:
    """How many come before each person at windows that serve the person's items."""
    before: Counter[Line] = Counter()
    ahead: dict[UUID, int] = {}
    for person in sorted(people, key=lambda person: (person.due, person.key)):
        mine = (person.items, person.window)
        ahead[person.key] = sum(
            count
            for line, count in before.items()
            if line == mine or served_at[line] & served_at[mine]
        )
        before[mine] += 1
    return ahead


def estimate(waits: list[float], ahead: int, runs: int, *, served: bool) -> Estimate:
    """What `waits`, which are put in order, say; unknown where some run never came to it."""
    if len(waits) < runs:
        return Estimate(ahead, None, None, served)
    waits.sort()
    return Estimate(ahead, rounded(percentile(waits, 0.5)), rounded(percentile(waits, 0.85)))
