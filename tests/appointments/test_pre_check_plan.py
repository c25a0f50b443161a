"""A look at the pre-checks of a ticket costs the same, however many pre-checks there are."""

import json
from typing import Any
from uuid import uuid4

from services.appointments.pre_checks import queries
from tests.appointments.offices import Office


def scans(plan: dict[str, Any]) -> list[str]:
    """The nodes that read all of the table."""
    own = []
    if plan.get("Relation Name") == "pre_check" and plan["Node Type"] == "Seq Scan":
        own = [plan["Node Type"]]
    return [*own, *(found for part in plan.get("Plans", ()) for found in scans(part))]


async def test_the_pre_checks_of_a_ticket_are_found_by_the_ticket(office: Office) -> None:
    kept = [office.code]
    sql = f"EXPLAIN (FORMAT JSON) {queries._OF_TICKET}"
    async with office.owner.transaction():
        # A table of the tests is small: then the planner reads it whole whatever indexes there are.
        await office.owner.execute("SET LOCAL enable_seqscan = off")
        values = (None, kept, None, None, None, None, 51, uuid4())
        [row] = await office.owner.fetch(sql, *values)
    plan = json.loads(row[0])[0]["Plan"]
    assert scans(plan) == []
    assert "ix_pre_check_owner" in row[0]
    assert "ix_pre_check_appointment" in row[0]
