"""How the server goes about a hot statement, whatever its values are."""

import json
from typing import Any, cast

import asyncpg

from shared.database.engine import DirectPool


class Planned:
    """Asks for the plan of whatever it is asked for, as for a pool of hot statements.

    A table of the tests is small: its planner reads it whole whatever indexes there are, unless
    that is put off.
    """

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner, self.plan = owner, ""

    @property
    def direct(self) -> DirectPool:
        """In the place of the pool."""
        return cast("DirectPool", self)

    async def fetch(self, sql: str, *values: object) -> list[Any]:
        """No rows; `plan` is how they would be found."""
        async with self._owner.transaction():
            await self._owner.execute("SET LOCAL enable_seqscan = off")
            await self._owner.execute(f"PREPARE planned AS {sql}")
            try:
                await self._owner.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                nulls = ", ".join("NULL" for _ in values)
                named = f"({nulls})" if values else ""
                [row] = await self._owner.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE planned{named}")
            finally:
                await self._owner.execute("DEALLOCATE planned")
        self.plan = row[0]
        return []

    def conditions(self) -> list[tuple[str, str]]:
        """The indexes that rows are found by, each with its condition."""
        return [*_conditions(json.loads(self.plan)[0]["Plan"])]


def _conditions(plan: dict[str, Any]) -> Any:
    if "Index Cond" in plan:
        yield plan["Index Name"], plan["Index Cond"]
    for part in plan.get("Plans", ()):
        yield from _conditions(part)
