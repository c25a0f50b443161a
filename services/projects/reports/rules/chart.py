"""The chart of a report: where its bars and their parts stand. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.projects.reports.rules.wording import LIGHT_COLOURS

SEGMENTS: tuple[tuple[str, str], ...] = (
    ("on_time", LIGHT_COLOURS["green"]),
    ("incomplete", LIGHT_COLOURS["yellow"]),
    ("withdrawn", "#b9820f"),
    ("early", "#7a5aa6"),
    ("late", LIGHT_COLOURS["red"]),
    ("overdue", "#8c1d18"),
    ("unknown", LIGHT_COLOURS["grey"]),
)
"""What a bar of the chart is made of, from left to right, with its colour."""

STEP, LEFT, ROOM = 30, 208, 800
"""The height of a line, where the bars begin, and how long the longest may be."""

WIDE = 20
"""A part at least so wide has room for its figure."""


class Part(NamedTuple):
    """What stands so of a unit's duties."""

    name: str
    n: int
    x: float
    width: float
    colour: str

    @property
    def is_wide(self) -> bool:
        return self.width >= WIDE


class Bar(NamedTuple):
    """A unit's bar, from its top to the end, where its score is written."""

    name: str
    top: int
    parts: list[Part]
    end: float
    score: float | None


class Tick(NamedTuple):
    """A line of the scale."""

    n: int
    x: float


class Chart(NamedTuple):
    """Bars of what fell due, a unit a line."""

    left: int
    height: int
    ticks: list[Tick]
    bars: list[Bar]


def chart_of(lines: Sequence[Mapping[str, Any]]) -> Chart:
    """The chart of these units, in their order."""
    widest = max((line["due"] for line in lines), default=0) or 1
    bars = [_bar(line, place * STEP, ROOM / widest) for place, line in enumerate(lines)]
    ticks = [Tick(n, LEFT + n * ROOM / widest) for n in _scale(widest)]
    return Chart(LEFT, STEP * len(lines) + 26, ticks, bars)


def _scale(widest: int) -> range:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if widest / s <= 8)
    return range(0, widest + 1, step)


def _bar(line: Mapping[str, Any], top: int, scale: float) -> Bar:
    parts, x = [], float(LEFT)
    for name, colour in SEGMENTS:
        if width := line[name] * scale:
            parts.append(Part(name, line[name], x, width, colour))
            x += width
    return Bar(line["name"], top, parts, x, line["score"])
