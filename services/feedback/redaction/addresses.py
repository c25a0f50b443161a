"""Addresses: what lies below the street is a person's, what lies above is everybody's. Pure.

Expects text whose Chinese numerals are already read as digits. Anybody may send any text here, so
the patterns are atomic: none can be made to backtrack.
"""

import re
from collections.abc import Iterator

_NUMBER = (
    r"(?>\d{0,2}[十百]\d{0,2}"
    r"|[A-Za-z甲乙丙丁附]?\d{1,5}(?:[-之]\d{1,5}){0,4}[A-Za-z]?"
    r"|[A-Za-z甲乙丙丁])"
)
_DWELLING = "号楼|号院|栋|幢|单元|室"
_UNIT = rf"{_NUMBER}\s?(?:{_DWELLING}|号|座|楼|层|户|房|组|社|弄)"
_BARE = r"(?<=[栋幢元层楼座号])[-—]?(?:\d{2,5}(?:-\d{1,5}){0,3}|\d(?:-\d{1,5}){1,3})"

_LINK = re.compile(rf"{_UNIT}|{_BARE}")
_WITH_HASH = re.compile(
    r"(?<!\d)\d{1,4}\s?#\s?[-—]?\s?(?:\d{2,5}(?:-\d{1,5}){0,3}|\d(?:-\d{1,5}){1,3})(?!\d)"
)
_NAMES_DWELLING = re.compile(rf"{_DWELLING}|座[-—]?\d")
_BLOCKING = re.compile(rf"{_NUMBER}\s?(?:号楼|单元|室)")
_STREET, _PLACE_OF_NUMBER = "路街道巷弄", "路街道巷弄村"
_NOT_A_NUMBER_OF_A_HOUSE = ("线", "文", "公告", "通知")
_LEFT = 20
_WITHIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9·]*\Z")
_OF_AN_ESTATE = "小区|花园|公寓|家园|新村|大厦|雅苑|苑|府|庭|湾|里"
_ESTATE = re.compile(
    rf"(?:(?![在于住到是的和及与从])[\u4e00-\u9fff]){{2,10}}?(?:{_OF_AN_ESTATE})\Z"
)
_NUMBERED = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z]?\d{1,5}|[A-Za-z])(?![A-Za-z0-9])")
_JOINS = re.compile(
    r"[-‐–—_/#·、\s]{0,3}(?:号楼|号院|单元|栋|幢|座|号|楼|层|杠|之)?[-‐–—_/#·、\s]{0,3}"
)
"""What stands between the numbers of one dwelling; a comma, a point or a colon never does."""
_ENDS = re.compile(r"\s?(?:室|号房|房间|房(?![东主产价屋租管改贷])|号(?![线楼]))")
_MOST_NUMBERS, _FEWEST_SIGNS, _OF_A_ROOM = 6, 4, 3
_AFTER_CUE = re.compile(
    r"(?:房号|房间号|门牌号|门牌|室号)码?[是为:\s]{0,3}"
    r"([A-Za-z]?\d{1,5}(?:[-—#/][A-Za-z]?\d{1,5}){0,4}(?![-\d]))"
)
_IN_AN_ESTATE = re.compile(
    rf"(?:{_OF_AN_ESTATE})\s?(?!(?:19|20)\d\d[-—])"
    r"(\d{1,3}[-—]\d{3,5}|\d{1,3}[-—]\d{1,3}[-—]\d{1,5})(?![-—\d]|\s?[期年月日户元个人层线])"
)
"""Building, entrance and room by their numbers alone: 幸福小区3-2-501."""


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where the part of an address below its street stands, the longest way of reading first."""
    chains = _chains(text)
    dwellings = [span for span in chains if _NAMES_DWELLING.search(text, *span)]
    yield from ((_beginning(text, start), end) for start, end in dwellings)
    yield from (match.span() for match in _WITH_HASH.finditer(text))
    for match in _IN_AN_ESTATE.finditer(text):
        yield _beginning(text, match.start(1)), match.end(1)
    for match in _AFTER_CUE.finditer(text):
        # A single number is a dwelling's with its cue only.
        yield match.span(0 if match[1].isalnum() else 1)
    yield from (span for span in chains if _is_house_number(text, *span))


def _chains(text: str) -> list[tuple[int, int]]:
    """Runs of numbered parts, each right behind the other: 18号3号楼2单元501室.

    Joined here and not by a possessive repeat: up to Python 3.11.4 that one stops too early when
    its part can be read in several ways.
    """
    chains: list[tuple[int, int]] = []
    for match in _LINK.finditer(text):
        start, end = match.span()
        if chains and chains[-1][1] == start:
            start, _ = chains.pop()
        chains.append((start, end))
    return chains


def parts(address: str) -> Iterator[str]:
    """What may be written of it elsewhere: of 12号3栋501室 3栋, 501室, 3栋501室 ... .

    As many together as a dwelling has: whoever writes hundreds gets no part of each length.
    """
    links = [match.span() for match in _LINK.finditer(address)]
    for first, (start, _) in enumerate(links):
        for _, end in links[first : first + _MOST_NUMBERS]:
            if _NAMES_DWELLING.search(address, start, end):
                yield address[start:end]


def numbers(address: str) -> Iterator[tuple[str, ...]]:
    """The numbers that lead to a dwelling without what they number: of 18号3栋501室 (18, 3, 501)
    and (3, 501); never a single one.
    """
    for chain in _numbered(address):
        together = tuple(match[0].upper() for match in chain)
        longest = max(len(together) - _MOST_NUMBERS, 0)
        runs = (together[at:] for at in range(longest, len(together) - 1))
        yield from (run for run in runs if sum(map(len, run)) >= _FEWEST_SIGNS)


def by_numbers(text: str, known: frozenset[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Where one of `known` stands, whatever joins its numbers: 18#3-501, 3杠501."""
    for chain in _numbered(text):
        for first in range(len(chain)):
            for last in range(min(first + _MOST_NUMBERS, len(chain)), first + 1, -1):
                if tuple(match[0].upper() for match in chain[first:last]) in known:
                    yield chain[first].start(), _ending(text, chain[last - 1].end())
                    break


def of_a_place(place: str) -> Iterator[tuple[int, int]]:
    """Where a dwelling is numbered in what says nothing but a place: 2-803."""
    for chain in _numbered(place):
        if len(chain) > 1 and len(chain[-1][0]) >= _OF_A_ROOM:
            yield chain[0].start(), _ending(place, chain[-1].end())


def _numbered(text: str) -> list[list[re.Match[str]]]:
    """Numbers that follow one another with nothing but what may join those of a dwelling."""
    chains: list[list[re.Match[str]]] = []
    for match in _NUMBERED.finditer(text):
        last = chains[-1][-1] if chains else None
        if last is not None and _JOINS.fullmatch(text, last.end(), match.start()):
            chains[-1].append(match)
        else:
            chains.append([match])
    return chains


def _ending(text: str, end: int) -> int:
    """Behind what the last number numbers: 501室."""
    behind = _ENDS.match(text, end)
    return behind.end() if behind else end


def dwellings(text: str) -> Iterator[tuple[int, int]]:
    """Where a building, entrance or room is numbered: 3号楼, 2单元, 501室."""
    for pattern in (_BLOCKING, _WITH_HASH):
        yield from (match.span() for match in pattern.finditer(text))


def _beginning(text: str, start: int) -> int:
    """Just after the street, else where the name of the estate begins, else the number itself."""
    within = _WITHIN.search(text, max(start - _LEFT, 0), start)
    left = within[0] if within else ""
    street = max(left.rfind(suffix) for suffix in _STREET)
    if street >= 0:
        return start - len(left) + street + 1
    estate = _ESTATE.search(left)
    return start - len(estate[0]) if estate else start


def _is_house_number(text: str, start: int, end: int) -> bool:
    """路12号, 村3组; but not 路12号线."""
    stands_at = text[start - 1 : start]
    return (
        bool(stands_at)
        and stands_at in _PLACE_OF_NUMBER
        and ("号" in text[start:end] or "组" in text[start:end])
        and not text.startswith(_NOT_A_NUMBER_OF_A_HOUSE, end)
    )
