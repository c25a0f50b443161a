"""What a person is held against: what the others of a hall did of the same items. Pure."""

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar


class Summable(Protocol):
    """What is added up over people."""

    def plus(self, more: Self, /) -> Self: ...


S = TypeVar("S", bound=Summable)


def of_others(
    person: str, of_hall: Mapping[tuple[str, str], S], nothing: S
) -> dict[str, tuple[int, S]]:
    """By item that the person did, how many others did it, and the sum of theirs; `of_hall`: by
    person and item."""
    found = {item: (0, nothing) for who, item in of_hall if who == person}
    for (who, item), of in of_hall.items():
        if who != person and item in found:
            people, sums = found[item]
            found[item] = people + 1, sums.plus(of)
    return found
