"""Counts of ratings as figures: in full, or as far as the public may see them. Pure.

A matter is one department's, and who sits in which hall is known to all: a department less its
other matters would be a hidden one. So the public's figures are sums of cells, department and hall,
that may each be shown beside the total, and within such a cell of matters that may be beside it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from services.feedback.rating_counts.schemas import RatingCell, RatingCounts
from services.feedback.ratings.rules import rate
from services.feedback.ratings.schemas import GroupBy, Rate, StatisticsRow
from services.feedback.small_cells.rules import Key, choose

ROWS = "rows"
"""The rows themselves and what was rated, beside the rates."""

Cells = Sequence[RatingCell]
Visible = dict[str, set[RatingCell]]
"""For the rows and for each rate, the cells that are counted in it."""


class Parts(NamedTuple):
    """What a rate divides by what."""

    part: int
    whole: int


def parts(row: RatingCounts | RatingCell) -> dict[str, Parts]:
    return {
        "rated_rate": Parts(row.rated, row.invited),
        "satisfied_rate": Parts(row.satisfied, row.satisfied + row.bad),
        "rectified_rate": Parts(row.rectified, row.bad),
        "revisited_rate": Parts(row.revisited, row.rectified),
    }


RATES = ("rated_rate", "satisfied_rate", "rectified_rate", "revisited_rate")


def in_full(row: RatingCounts) -> StatisticsRow:
    return StatisticsRow(
        key=row.key,
        suppressed=False,
        invited=row.invited,
        rated=row.rated,
        excluded=row.excluded,
        bad=row.bad,
        **{name: rate(*of) for name, of in parts(row).items()},
    )


def public(cells: Cells) -> dict[GroupBy, list[StatisticsRow]]:
    """What everybody may see of a month, in each grouping."""
    blocks, items = _visible_blocks(cells), _visible_items(cells)
    total = _all(cells)
    return {
        GroupBy.ALL: [_row(None, cells, total)] if cells else [],
        GroupBy.DEPARTMENT: _rows(cells, "department", blocks),
        GroupBy.HALL: _rows(cells, "hall", blocks),
        GroupBy.ITEM: _rows(cells, "item", items),
    }


def _size(cell: RatingCell, name: str) -> int:
    return cell.rated if name == ROWS else parts(cell)[name].whole


def _sizes(cells: Iterable[RatingCell], name: str, *columns: str) -> dict[Key, int]:
    sizes: dict[Key, int] = defaultdict(int)
    for cell in cells:
        sizes[tuple(getattr(cell, column) for column in columns)] += _size(cell, name)
    return dict(sizes)


def _chosen(cells: Cells, *columns: str) -> dict[str, frozenset[Key] | None]:
    """For the rows and for each rate the groups that may be shown; None: not even their sum."""
    rows = choose([_sizes(cells, ROWS, *columns)])
    found: dict[str, frozenset[Key] | None] = {ROWS: rows[0] if rows else None}
    for name in RATES:
        rate = rows and choose([_sizes(cells, name, *columns)], rows)
        found[name] = rate[0] if rate else None
    return found


def _all(cells: Cells) -> Visible:
    """All cells, in the total and in each rate that may be shown of it."""
    chosen = _chosen(cells, "department", "hall")
    return {name: set(cells) if keys is not None else set() for name, keys in chosen.items()}


def _visible_blocks(cells: Cells) -> Visible:
    chosen = _chosen(cells, "department", "hall")
    return {
        name: {cell for cell in cells if keys and (cell.department, cell.hall) in keys}
        for name, keys in chosen.items()
    }


def _visible_items(cells: Cells) -> Visible:
    """Matters within the departments at halls that are shown themselves."""
    blocks = _visible_blocks(cells)
    by_block: dict[tuple[str, str], list[RatingCell]] = defaultdict(list)
    for cell in blocks[ROWS]:
        by_block[cell.department, cell.hall].append(cell)
    visible: Visible = {name: set() for name in blocks}
    for within in by_block.values():
        for name, keys in _chosen(within, "item").items():
            shown = {cell for cell in within if keys and (cell.item,) in keys}
            visible[name] |= shown & blocks[name]
    return visible


def _rows(cells: Cells, column: str, visible: Visible) -> list[StatisticsRow]:
    groups: dict[str, list[RatingCell]] = defaultdict(list)
    for cell in cells:
        groups[getattr(cell, column)].append(cell)
    return [_row(key, groups[key], visible) for key in sorted(groups)]


def _row(key: str | None, cells: Cells, visible: Visible) -> StatisticsRow:
    """The sum of a group's visible cells; what was bad or excluded only where each shows it."""
    rows = [cell for cell in cells if cell in visible[ROWS]]
    if not any(cell.rated for cell in rows):
        nothing = dict.fromkeys(StatisticsRow.model_fields.keys() - {"key", "suppressed"})
        return StatisticsRow(key=key, suppressed=True, **nothing)
    graded = visible["satisfied_rate"].issuperset(rows)
    return StatisticsRow(
        key=key,
        suppressed=False,
        invited=sum(cell.invited for cell in rows),
        rated=sum(cell.rated for cell in rows),
        excluded=sum(cell.excluded for cell in rows) if graded else None,
        bad=sum(cell.bad for cell in rows) if graded else None,
        **{name: _sum(rows, name, visible[name]) for name in RATES},
    )


def _sum(rows: Cells, name: str, visible: Collection[RatingCell]) -> Rate | None:
    """The rate over the visible cells; null where only cells without any case are visible."""
    found: list[Mapping[str, Parts]] = [parts(cell) for cell in rows if cell in visible]
    part, whole = (sum(of[name][at] for of in found) for at in range(2))
    hides = any(_size(cell, name) for cell in rows if cell not in visible)
    return None if whole == 0 and (hides or not found) else rate(part, whole)
