"""Counts of ratings."""

from typing import NamedTuple

NO_ITEM = "-"
"""The group of services without a code of their matter, as no code begins; null is the total."""


class RatingCounts(NamedTuple):
    """Counts of one group, in the order of the statement's columns."""

    key: str | None
    invited: int
    rated: int
    excluded: int
    satisfied: int
    bad: int
    rectified: int
    revisited: int


class RatingCell(NamedTuple):
    """Counts of one matter of a department at a hall, in the order of the statement's columns."""

    department: str
    hall: str
    item: str
    invited: int
    rated: int
    excluded: int
    satisfied: int
    bad: int
    rectified: int
    revisited: int
