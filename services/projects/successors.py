"""Which unit stands for one that became part of another: SQL for several rooms.

`responsible_unit.successor_code` names the unit that is there now, at the end of a chain of
mergers; where nothing merged it is empty, and a look into its index costs next to nothing.
"""


def now_of(unit: str) -> str:
    """The unit that stands now for the one in the column `unit`."""
    return (
        f"(SELECT coalesce(y.successor_code, y.code) FROM responsible_unit y WHERE y.code = {unit})"
    )


def with_predecessors(unit: str) -> str:
    """The unit and all that became part of it, as an array."""
    return (
        f"(ARRAY[CAST({unit} AS varchar)]"
        f" || ARRAY(SELECT y.code FROM responsible_unit y WHERE y.successor_code = {unit}))"
    )
