"""The tick finds what falls due by indexes alone, however many duties wait."""

import re

from services.projects.auditing import statement
from tests.support import Connect

NUMBERS = {
    "now_ord": "100",
    "now_day": "9000",
    "last_ord": "5000",
    "calendar_version": "1",
    **dict.fromkeys(("walked_units", "walked_days", "walked_ords", "walked_ats"), "'{}'"),
    "as_of": "'2026-11-30'",
    "now": "'2026-11-30'",
    "actor": "'test'",
}


async def test_each_way_to_fall_due_is_bounded_by_its_index(sql: Connect) -> None:
    rows = await sql("projects")
    asked = statement.judge_statement("falling_due")
    given = re.sub(r"(?<!:):([a-z_]+)", lambda name: NUMBERS[name[1]], asked)
    async with rows.transaction():
        await rows.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await rows.fetch(f"EXPLAIN {given}"))
    bounds = [line for line in plan.partition("CTE noted")[0].splitlines() if "Index Cond" in line]
    assert sum("due_ord <" in line for line in bounds) == 4, plan
    assert sum("stay_most_day <" in line and "on_display" in line for line in bounds) == 1, plan
