"""Under which areas something stood on which days. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from services.appointments.areas.models import PlacedKind
from services.appointments.directory.models import HallLevel
from shared.errors import Invalid, Text

_DAY = timedelta(days=1)
HEIGHT = {level: height for height, level in enumerate(reversed(HallLevel))}
"""The province stands highest."""
_TOO_LOW = Text(
    "只能归属级别更高的区划，例如县归市、市归省",
    "It belongs to an area of a higher level only: a county to a city, a city to a province",
)

_LEVEL_IN_USE = Text(
    "这个区划已有上级或下级，级别不能再改",
    "Areas above or below it go by its level, which cannot change any more",
)


class Placing(NamedTuple):
    """From that day on something stands under an area; None: under none."""

    kind: PlacedKind
    code: str
    valid_from: date
    parent_code: str | None


class Stay(NamedTuple):
    """The days `first` to `last`, both included, and the areas above, the highest first."""

    first: date
    last: date
    path: tuple[str, ...]


class HallSpan(NamedTuple):
    """Days of a hall that count together, and for which area a line of areas counts them."""

    hall_code: str
    first: date
    last: date
    area_code: str = ""


@dataclass(frozen=True)
class AskedDays:
    """Which days of which halls are asked for.

    `area`: only while they stood under it. `hall`: only that one. `places`: what the caller acts
    for: halls, or areas with all that stood under them, or `*`.
    """

    first: date
    last: date
    places: frozenset[str]
    area: str | None = None
    hall: str | None = None

    def place(self) -> str:
        """What is asked about, as the head of a table says it; `*`: all."""
        return self.hall or self.area or "*"


class Hierarchy:
    """All that is known of who stood where."""

    def __init__(self, placings: Iterable[Placing]) -> None:
        self._of: dict[tuple[PlacedKind, str], list[Placing]] = defaultdict(list)
        for one in sorted(placings, key=lambda each: each.valid_from):
            self._of[one.kind, one.code].append(one)

    def stays(self, kind: PlacedKind, code: str, first: date, last: date) -> Iterator[Stay]:
        """The days in order and without gaps, each stretch with the areas above it."""
        for stretch in _stretches(self._of.get((kind, code), ()), first, last):
            if stretch.parent_code is None:
                yield Stay(stretch.first, stretch.last, ())
                continue
            above = self.stays(PlacedKind.AREA, stretch.parent_code, stretch.first, stretch.last)
            for stay in above:
                yield stay._replace(path=(*stay.path, stretch.parent_code))

    def under(self, area: str, first: date, last: date) -> set[tuple[PlacedKind, str]]:
        """What stood under it, at any depth, on any of these days."""
        return {
            (kind, code)
            for kind, code in self._of
            if any(area in stay.path for stay in self.stays(kind, code, first, last))
        }


class _Stretch(NamedTuple):
    first: date
    last: date
    parent_code: str | None


def _stretches(placings: Sequence[Placing], first: date, last: date) -> Iterator[_Stretch]:
    known = [(date.min, None), *((one.valid_from, one.parent_code) for one in placings)]
    for (start, parent), (next_start, _) in pairwise([*known, (date.max, None)]):
        begins = max(first, start)
        ends = last if next_start == date.max else min(last, next_start - _DAY)
        if begins <= ends:
            yield _Stretch(begins, ends, parent)


def spans(hierarchy: Hierarchy, halls: Collection[str], wanted: AskedDays) -> list[HallSpan]:
    """The days that count of each hall; each belongs to one area directly below the asked one, to
    the asked one itself where the hall stands right under it, and to none where it stands nowhere.
    """
    found: list[HallSpan] = []
    for hall in sorted(halls):
        if wanted.hall not in (None, hall):
            continue
        for stay in hierarchy.stays(PlacedKind.HALL, hall, wanted.first, wanted.last):
            if _counts(stay, hall, wanted):
                _add(found, HallSpan(hall, stay.first, stay.last, _line(stay, wanted.area)))
    return found


def _counts(stay: Stay, hall: str, wanted: AskedDays) -> bool:
    if wanted.area is not None and wanted.area not in stay.path:
        return False
    return not wanted.places.isdisjoint({hall, "*", *stay.path})


def _line(stay: Stay, area: str | None) -> str:
    if area is None:
        return stay.path[0] if stay.path else ""
    below = stay.path[stay.path.index(area) + 1 :]
    return below[0] if below else area


def _add(found: list[HallSpan], span: HallSpan) -> None:
    """What goes on for the same line is one span, so that whole months stay whole."""
    before = found[-1] if found else None
    if before is not None and before._replace(first=before.last + _DAY, last=span.last) == span:
        found[-1] = span._replace(first=before.first)
    else:
        found.append(span)


def ensure_higher(level: HallLevel, parent: HallLevel, pointer: str) -> None:
    """Raises Invalid where an area of that level cannot stand under the other."""
    if HEIGHT[parent] <= HEIGHT[level]:
        raise Invalid(_TOO_LOW, pointer=pointer)


def ensure_stands_alone(code: str, placings: Iterable[Placing]) -> None:
    """Raises Invalid where another level would contradict what stands above or below the area."""
    own = (PlacedKind.AREA, code)
    if any(own == (one.kind, one.code) or code == one.parent_code for one in placings):
        raise Invalid(_LEVEL_IN_USE, pointer="/body/level")


def until(placings: Iterable[Placing], valid_from: date) -> date | None:
    """The last day of what begins then: the day before the next one; None: it goes on."""
    later = [one.valid_from for one in placings if one.valid_from > valid_from]
    return min(later) - _DAY if later else None
