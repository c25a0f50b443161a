"""Addresses: what lies below the street is a person's, what lies above is everybody's. Pure.

Expects text whose Chinese numerals are already read as digits.
"""

import re
from collections.abc import Iterator

_HAN = "\u4e00-\u9fff"
_NUMBER = r"(?:[A-Za-z甲乙丙丁东西南北附]?\d{1,5}(?:[-之]\d{1,5})*[A-Za-z]?|[A-Za-z甲乙丙丁十百])"
_DWELLING = rf"(?:{_NUMBER}[十百]?\d{{0,3}}\s?(?:号楼|号院|栋|幢|单元|室))"
_PART = rf"(?:{_DWELLING}|{_NUMBER}\s?(?:号|楼|层|座|户|房|组|社|弄)|[-—]?\d{{2,5}}(?:-\d{{1,5}})*)"
_NAME = rf"(?![在于住到是的和及与从])[{_HAN}]"
_ESTATE = rf"(?:{_NAME}){{2,10}}?(?:小区|花园|公寓|家园|新村|大厦|雅苑|苑|府|庭|湾|里)"
_FREE = rf"(?:(?![路街道巷弄])[{_HAN}A-Za-z0-9·（）()]){{0,20}}?"

_BELOW_STREET = re.compile(rf"(?<=[路街道巷弄])({_FREE}{_DWELLING}{_PART}*)")
_AT_NUMBER = re.compile(
    rf"(?<=[路街道巷弄村])({_NUMBER}\s?(?:号(?![楼院])|组){_PART}*)(?!线|文|公告|通知)"
)
_IN_ESTATE = re.compile(rf"({_ESTATE}{_PART}*{_DWELLING}{_PART}*)")
_ALONE = re.compile(rf"({_DWELLING}{_PART}*)")
_BLOCKING = re.compile(rf"{_NUMBER}[十百]?\d{{0,3}}\s?(?:号楼|单元|室)")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where the part of an address below its street stands, the longest way of reading first."""
    for pattern in (_BELOW_STREET, _AT_NUMBER, _IN_ESTATE, _ALONE):
        yield from (match.span(1) for match in pattern.finditer(text))


def dwellings(text: str) -> Iterator[tuple[int, int]]:
    """Where a building, entrance or room is numbered: 3号楼, 2单元, 501室."""
    yield from (match.span() for match in _BLOCKING.finditer(text))
