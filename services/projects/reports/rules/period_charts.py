"""The pictures of a report of a period: the rate over time, and the working days used. Pure.

Drawn in a space of 360 by 220, so that the words in them can still be read on a telephone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from services.projects.reports.models import PeriodKind
from services.projects.reports.rules import shares

LEFT, RIGHT, TOP, BOTTOM = 40.0, 348.0, 18.0, 182.0
"""Where the space for lines and bars begins and ends."""

MOST_BARS = 24


class Point(NamedTuple):
    """A period in the trend; without a rate it is named and not drawn."""

    x: float
    label: str
    due: int
    y: float | None
    rate: str


class Trend(NamedTuple):
    """The rate on time of the last periods; `lines` joins those that follow one another."""

    points: list[Point]
    lines: list[str]
    ticks: list[tuple[float, str]]


class DayBar(NamedTuple):
    """How many were published on these working days of their clock."""

    x: float
    y: float
    width: float
    height: float
    n: int
    label: str


class Histogram(NamedTuple):
    """Publications by the working days that they took; `labelled` bars have room for a label."""

    bars: list[DayBar]
    labelled: frozenset[int]
    most: int


def trend_of(trend: Sequence[Mapping[str, Any]]) -> Trend:
    """The rates of the periods, the earliest at the left."""
    step = (RIGHT - LEFT) / max(1, len(trend))
    points = [_point(line, LEFT + step * (place + 0.5)) for place, line in enumerate(trend)]
    ticks = [(_height(Fraction(n, 4)), f"{n * 25}%") for n in range(5)]
    return Trend(points, list(_lines(points)), ticks)


def _point(line: Mapping[str, Any], x: float) -> Point:
    rate = shares.rate(line)
    y = None if rate is None else _height(rate)
    return Point(x, label_of(line), line["due"], y, shares.percent(rate))


def label_of(line: Mapping[str, Any]) -> str:
    """`2026-09`, `2026Q3`: a period in few letters."""
    first = date.fromisoformat(line["from_on"])
    match PeriodKind(line["kind"]):
        case PeriodKind.MONTH:
            return f"{first:%Y-%m}"
        case PeriodKind.QUARTER:
            return f"{first.year}Q{(first.month + 2) // 3}"
        case PeriodKind.YEAR:
            return str(first.year)
        case _:
            return f"{first:%Y-%m-%d}"


def _height(share: Fraction) -> float:
    return BOTTOM - float(share) * (BOTTOM - TOP)


def _lines(points: Iterable[Point]) -> Iterable[str]:
    """Where a period has no rate, the line is broken and not drawn through it."""
    run: list[str] = []
    for point in points:
        if point.y is not None:
            run.append(f"{point.x:.1f},{point.y:.1f}")
            continue
        if len(run) > 1:
            yield " ".join(run)
        run = []
    if len(run) > 1:
        yield " ".join(run)


def histogram_of(days: Sequence[Sequence[int]]) -> Histogram:
    """The bars, each of one working day or of as many as keep them at `MOST_BARS`."""
    if not days:
        return Histogram([], frozenset(), 0)
    first, last = min(0, days[0][0]), days[-1][0]
    each = ceil((last - first + 1) / MOST_BARS)
    counts = [0] * ceil((last - first + 1) / each)
    for day, n in days:
        counts[(day - first) // each] += n
    most, width = max(counts), (RIGHT - LEFT) / len(counts)
    bars = [
        _bar(n / most, n, LEFT + place * width, width, first + place * each, each)
        for place, n in enumerate(counts)
    ]
    return Histogram(bars, frozenset(range(0, len(bars), ceil(len(bars) / 8))), most)


def _bar(share: float, n: int, x: float, width: float, day: int, each: int) -> DayBar:
    height = share * (BOTTOM - TOP)
    label = str(day) if each == 1 else f"{day}–"
    return DayBar(x + 1, BOTTOM - height, width - 2, height, n, label)
