"""Conditions that may be left out are left out of the statement.

A hot statement is planned once for all values: `$1 IS NULL OR owner = $1` finds no rows by an index
then, because the plan has to do for NULL as well, and each look goes through the whole table.
"""

from typing import Any, NamedTuple


class Narrowed(NamedTuple):
    """What stands behind WHERE, and the values that it names from `$1` on."""

    where: str
    values: list[Any]

    def another(self, value: Any) -> str:
        """What names one more value in the statement."""
        self.values.append(value)
        return f"${len(self.values)}"


def narrowed(*conditions: tuple[Any, ...]) -> Narrowed:
    """All of these that have no None among their values.

    Each is the SQL with a `{}` for each of the values behind it: `("owner = {}", owner)`.
    """
    found = Narrowed("", [])
    kept = [
        sql.format(*map(found.another, values))
        for sql, *values in conditions
        if all(value is not None for value in values)
    ]
    return found._replace(where=" AND ".join(kept) or "true")
