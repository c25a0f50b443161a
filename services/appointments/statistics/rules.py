"""Who may see what of small numbers. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from shared.security.identity import Caller

L = TypeVar("L", bound=BaseModel)

FEWEST = 5
"""A time or rate over fewer people may point at one of them; as in the figures of letters."""
MAY_OPEN = ("hall_manager", "auditor")
"""They may read every ticket behind a figure, so that none tells them more."""


def shown_to(caller: Caller, line: L, rests_on: Mapping[str, Sequence[str]]) -> L:
    """The line without the times and rates over fewer than FEWEST, unless the caller may open the
    tickets behind them anyway. `rests_on`: which fields say how many people a figure is over."""
    return all_shown_to(caller, [line], rests_on)[0]


def all_shown_to(
    caller: Caller, lines: Sequence[L], rests_on: Mapping[str, Sequence[str]]
) -> list[L]:
    """The same of the lines of one table, under which its total stands: the total less the lines
    that are shown is the hidden ones, so there are two of those at least, and FEWEST people."""
    if caller.has(*MAY_OPEN):
        return [*lines]
    hidden: list[set[str]] = [set() for _ in lines]
    for name, those in rests_on.items():
        for place in _kept_back([sum(getattr(line, each) for each in those) for line in lines]):
            hidden[place].add(name)
    return [
        line.model_copy(update=dict.fromkeys(names))
        for line, names in zip(lines, hidden, strict=True)
    ]


def _kept_back(sizes: Sequence[int]) -> list[int]:
    """Which lines say nothing, by how many people each is over: the smallest go with the small."""
    rising = sorted(range(len(sizes)), key=lambda place: sizes[place])
    small = sum(size < FEWEST for size in sizes)
    while _gives_one_away([sizes[place] for place in rising[:small]]) and small < len(sizes):
        small += 1
    return rising[:small]


def _gives_one_away(hidden: Sequence[int]) -> bool:
    people = [size for size in hidden if size]
    return bool(people) and (len(people) < 2 or sum(people) < FEWEST)
