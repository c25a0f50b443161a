"""Quantiles of packed histograms are those of the values themselves."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.database.histograms import DIGITS, quantiles


def packed(counts: Mapping[int, int]) -> str:
    """As the database writes a sum: no zeros before the first digit."""
    return str(sum(many * 10 ** (DIGITS * value) for value, many in counts.items()))


def continuous(values: list[int], tenths: int) -> Fraction:
    """By its definition, in tenths: between the two values that the place lies between."""
    ordered = sorted(values)
    place = Fraction(tenths * (len(ordered) - 1), 10)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return 10 * (ordered[low] + (ordered[high] - ordered[low]) * (place - low))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.integers(1, 9))
def test_they_are_as_of_the_values_one_by_one(values: list[int], tenths: int) -> None:
    assert quantiles(packed(Counter(values)), tenths) == [continuous(values, tenths)]


@given(st.lists(st.lists(st.integers(0, 60), max_size=9), min_size=1, max_size=6))
def test_sums_of_histograms_have_those_of_all_values_together(days: list[list[int]]) -> None:
    together = [value for day in days for value in day]
    added = str(sum(int(packed(Counter(day))) for day in days))
    expected = [continuous(together, each) if together else None for each in (5, 9)]
    assert quantiles(added, 5, 9) == expected


def test_nothing_has_none() -> None:
    assert quantiles("0", 5, 9) == [None, None]
