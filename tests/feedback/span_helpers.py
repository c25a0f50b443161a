"""What can be had by adding and taking away what is known."""

from fractions import Fraction

from hypothesis import settings

MANY = settings(max_examples=200)


def in_span(wanted: list[Fraction], rows: list[list[Fraction]]) -> bool:
    """Whether a row is a sum of multiples of others."""
    pivots: list[tuple[int, list[Fraction]]] = []

    def reduced(row: list[Fraction]) -> list[Fraction]:
        for place, pivot in pivots:
            if row[place]:
                factor = row[place] / pivot[place]
                row = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        return row

    for row in rows:
        left = reduced(row)
        if any(left):
            pivots.append((next(place for place, value in enumerate(left) if value), left))
    return not any(reduced(wanted))
