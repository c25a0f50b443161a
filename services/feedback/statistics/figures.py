"""Counts of letters as figures: in full, or as far as the public may see them. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from services.feedback.ratings.rules import rate
from services.feedback.ratings.schemas import Rate
from services.feedback.small_cells.rules import Key, choose
from services.feedback.statistics.queries import LetterCounts
from services.feedback.statistics.schemas import LetterFigures, LetterGrouping


class Share(NamedTuple):
    """Which count is divided by which."""

    part: str
    whole: str


RATES = {
    "registration_rate": Share("registered", "received"),
    "on_time_rate": Share("in_time", "judged"),
    "on_time_rate_without_extension": Share("in_time_by_first_limit", "judged_by_first_limit"),
    "publication_rate": Share("published", "publishable"),
    "rated_rate": Share("rated", "replied"),
    "satisfied_rate": Share("satisfied", "rated"),
}
_DAYS_OF = "rated_rate"
"""Its denominator are the letters answered: those whose days are counted."""

Counted = Mapping[LetterGrouping, Sequence[LetterCounts]]


def in_full(row: LetterCounts) -> LetterFigures:
    return _figures(row, RATES)


def public(counted: Counted) -> dict[LetterGrouping, list[LetterFigures]]:
    """The groups, and of each the rates, whose figures together give no smaller group away."""
    parts = [grouping for grouping in LetterGrouping if grouping is not LetterGrouping.ALL]
    rows = choose([{row.key: _known_size(row) for row in counted[grouping]} for grouping in parts])
    if rows is None:
        return {grouping: [_hidden(row) for row in found] for grouping, found in counted.items()}
    rates = {name: _chosen(counted, parts, share.whole, rows) for name, share in RATES.items()}
    shown: dict[LetterGrouping, list[LetterFigures]] = {}
    shown[LetterGrouping.ALL] = [
        _figures(row, _of_all(rates)) for row in counted[LetterGrouping.ALL]
    ]
    for at, grouping in enumerate(parts):
        shown[grouping] = [
            _figures(row, [name for name, keys in rates.items() if keys and row.key in keys[at]])
            if row.key in rows[at]
            else _hidden(row)
            for row in counted[grouping]
        ]
    return shown


def _known_size(row: LetterCounts) -> int:
    """How many letters a group is of, for those who know that it also has accusations: a group of
    hardly anything else would be their count.
    """
    return row.ordinary or min(row.received, 1)


def _of_all(rates: Mapping[str, list[frozenset[Key]] | None]) -> list[str]:
    return [name for name, keys in rates.items() if keys is not None]


def _chosen(
    counted: Counted,
    parts: Sequence[LetterGrouping],
    whole: str,
    eligible: Sequence[Collection[Key]],
) -> list[frozenset[Key]] | None:
    sizes: list[Mapping[Key, int]] = [
        {row.key: getattr(row, whole) for row in counted[grouping]} for grouping in parts
    ]
    return choose(sizes, eligible)


def _hidden(row: LetterCounts) -> LetterFigures:
    nothing = dict.fromkeys(LetterFigures.model_fields.keys() - {"key", "suppressed"})
    return LetterFigures(key=row.key, suppressed=True, **nothing)


def _figures(row: LetterCounts, rates: Collection[str]) -> LetterFigures:
    median, slowest = (row.days or (None, None)) if _DAYS_OF in rates else (None, None)
    return LetterFigures(
        key=row.key,
        suppressed=False,
        received=row.received,
        replied=row.replied,
        closed=row.closed,
        activities=row.activities,
        median_days=_days(median),
        slowest_tenth_days=_days(slowest),
        **{name: _rate(row, name) if name in rates else None for name in RATES},
    )


def _rate(row: LetterCounts, name: str) -> Rate:
    part, whole = (int(getattr(row, count)) for count in RATES[name])
    return rate(part, whole)


def _days(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
