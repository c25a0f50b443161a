"""What the audit is measured against: one scan by DuckDB, and the join that a textbook writes."""

from pathlib import Path
from typing import Any

import duckdb

from services.projects.auditing import statement
from tests import support
from tests.benchmarks.audit_rows import WALKS


def verdict_in(numbers: dict[str, Any]) -> str:
    """The service's verdict as a term about a standing `s` and the last walk `w` of its unit."""
    walked = "(CASE WHEN s.calendar_days THEN w.walked_day ELSE w.walked_ord END)"
    # DuckDB reads a column of nothing but NULL as text.
    since = "CAST(s.matchable_since AS timestamptz)"
    knew = f"({since} IS NULL OR w.walked_at >= {since})"
    reason = statement.REASON.replace(statement.WALKED, walked)
    reason = reason.replace(statement.WALK_KNEW, knew)
    for name, number in numbers.items():
        reason = reason.replace(f":{name}", str(number))
    return statement.verdict_of(reason)


def textbook(numbers: dict[str, Any]) -> str:
    """What a textbook writes: each deadline joined from the calendar, each verdict at each look."""
    due = "(formed.ord_start + d.rule_n + d.extended_by)"
    return f"""
WITH walks AS MATERIALIZED ({WALKS})
SELECT d.unit_code, {verdict_in(numbers).replace("s.due_ord", due)} AS verdict, count(*) AS n
FROM duty d JOIN standing s ON s.duty_id = d.id JOIN walks w ON w.unit_code = d.unit_code
JOIN work_calendar formed ON formed.region = d.region AND formed.date = d.formed_on
GROUP BY 1, 2
"""


class Duck:
    """The same rows in DuckDB, and its own computation of every verdict."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET threads TO 2")
        self.scan = (
            f"SELECT s.unit_code, {verdict_in(numbers)} AS verdict, count(*) AS n"
            " FROM standing s JOIN walks w ON w.unit_code = s.unit_code GROUP BY ALL"
        )

    async def load(self, owner_url: str, folder: Path) -> None:
        """Copy `standing` and the units' last walks, value by value."""
        rows = await support.connect(owner_url)
        for name, query in (("standing", "SELECT * FROM standing"), ("walks", WALKS)):
            file = folder / f"{name}.csv"
            await rows.copy_from_query(query, output=file, format="csv", header=True)
            self.connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{file}')")
        await rows.close()

    async def audit(self) -> dict[tuple[str, str], int]:
        found = self.connection.execute(self.scan).fetchall()
        return {(unit, verdict): n for unit, verdict, n in found}
