"""The offices' own telephone numbers, which are everybody's to know and so are not hidden. Pure."""

import re
from collections.abc import Iterator, Sequence

from services.feedback.redaction.characters import BETWEEN, letters_and_digits

_RUN = re.compile(rf"\d(?:{BETWEEN}\d)*")
_GROUP = re.compile(r"\d+")
_OF_ANYBODY = re.compile(r"(?:86)?1[3-9]\d{9}|0\d{9,11}")
_AREA = re.compile(r"\D*(0\d{2,3})\D+")
_FEWEST_LOCAL, _MOST_DIGITS = 7, 15


def spellings(number: str) -> frozenset[str]:
    """The digits that a number of an office may be written with: with and without country and
    area.
    """
    digits = letters_and_digits(number).text
    area = _AREA.match(number)
    national = digits.removeprefix("0086").removeprefix("86").removeprefix("0")
    forms = {digits, f"86{national}", f"0086{national}"}
    local = letters_and_digits(number[area.end() :]).text if area else ""
    if len(local) >= _FEWEST_LOCAL:
        forms.add(local)
    return frozenset(form for form in forms if form)


def find(digits: str, offices: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where numbers of offices stand in a text whose numerals are digits.

    Only where the digits around are whole numbers too: a part of somebody's number that happens to
    be an office's is none.
    """
    for run in _RUN.finditer(digits):
        groups = [group.span() for group in _GROUP.finditer(digits, *run.span())]
        yield from _pieces(digits, groups, offices) or ()


def _pieces(
    digits: str, groups: Sequence[tuple[int, int]], offices: frozenset[str]
) -> list[tuple[int, int]] | None:
    """The offices' pieces, if the groups are whole numbers one after another; else None."""
    ways: list[list[tuple[int, int]] | None] = [None] * len(groups) + [[]]
    for first in reversed(range(len(groups))):
        together = ""
        for last in range(first, len(groups)):
            together += digits[slice(*groups[last])]
            rest = ways[last + 1]
            if len(together) > _MOST_DIGITS:
                break
            if rest is not None and together in offices:
                ways[first] = [(groups[first][0], groups[last][1]), *rest]
            elif rest is not None and _OF_ANYBODY.fullmatch(together):
                ways[first] = rest
    return ways[0]
