"""Rows of a workflow in SQL, for a statement that moves many at once.

Such a statement names no state itself: it is put together from the rows, so that a changed row
changes what the statement does.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from shared.workflow import Row


def listed(states: Iterable[StrEnum]) -> str:
    """The states between the brackets of an IN."""
    return ", ".join(f"'{state}'" for state in sorted(states))


def sources(rows: Iterable[Row]) -> str:
    """The states that the rows lead from, between the brackets of an IN."""
    return listed(row.state for row in rows)


def target(rows: Sequence[Row], column: str = "state") -> str:
    """Where the rows lead from the state in `column`. Raises ValueError if they leave it open."""
    ends = {row.state: row.to for row in rows}
    if not ends or None in ends.values():
        raise ValueError(f"lead nowhere: {rows}")
    if len({*ends.values()}) == 1:
        return f"'{rows[0].to}'"
    cases = " ".join(f"WHEN '{state}' THEN '{to}'" for state, to in ends.items())
    return f"CASE {column} {cases} END"
