"""Quantiles of what is only kept as counts by value: histograms that can be added up.

A value is rounded to a step first. So what is kept of many days together has exactly the quantiles
that the rounded values themselves have, and a day that is corrected takes nothing along.

Where very many are added up, each is packed into one whole number, eight digits for each value from
0 on: PostgreSQL's `sum(numeric)` adds some hundred counts in the time in which it takes up a row.
"""

from bisect import bisect_right
from itertools import accumulate

DIGITS = 8
"""Of a count. The database function `packed_histogram(values, counts)` of the services that pack
knows it as well, and counts what is over `LARGEST` as that."""
LARGEST = 16_000


def quantiles(packed: str, *tenths: int) -> list[int | None]:
    """Of the digits of a packed histogram, as `percentile_cont` has them, in tenths of a value's
    step; None of nothing."""
    ends = range(len(packed), 0, -DIGITS)
    upto = [*accumulate(int(packed[max(end - DIGITS, 0) : end]) for end in ends)]
    if not upto[-1]:
        return [None] * len(tenths)
    return [_quantile(upto, each) for each in tenths]


def _quantile(upto: list[int], tenths: int) -> int:
    place = tenths * (upto[-1] - 1)
    low, high = bisect_right(upto, place // 10), bisect_right(upto, (place + 9) // 10)
    return low * 10 + (high - low) * (place % 10)


def quantile(tenths: int) -> str:
    """SQL over rows of `cumulated`, for one group: its quantile as `percentile_cont` has it, null
    of nothing. In whole numbers, because PostgreSQL's fractions take longer than all the rest."""
    place = f"{tenths} * (of - 1)"
    low = f"min(value) FILTER (WHERE upto > {place} / 10)"
    high = f"min(value) FILTER (WHERE upto > ({place} + 9) / 10)"
    return f"({low} + ({high} - {low}) * max({place} % 10) / 10.0)::float8"


def cumulated(histogram: str, by: str) -> str:
    """SQL: `by`, each value of a group, up to which place of the group its cases reach, and of how
    many the group is.

    `histogram` is a FROM item with columns `by`, `value` and `n`; rows of one value are added up,
    and may take away from one another.
    """
    summed = f"SELECT {by}, value, sum(n)::int AS n FROM {histogram} GROUP BY {by}, value"
    return (
        f"SELECT {by}, value, sum(n) OVER (PARTITION BY {by} ORDER BY value) AS upto,"
        f" sum(n) OVER (PARTITION BY {by}) AS of"
        f" FROM ({summed} HAVING sum(n) > 0) summed"
    )
