"""The tables of states, and that the database knows exactly their states."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from services.projects.collecting.workflow import PAGES, RUNS
from services.projects.duties.workflow import WORKFLOW as DUTIES
from services.projects.matching.workflow import WORKFLOW as MATCHES
from services.projects.portals.workflow import WORKFLOW as HEALTH
from shared.workflow import Workflow
from tests.projects.collecting_world import Desk

COLUMNS = [
    ("duty", "hold", DUTIES),
    ("page_match", "state", MATCHES),
    ("collector_run", "state", RUNS),
    ("portal_page", "detail_state", PAGES),
    ("portal", "health", HEALTH),
]
_CHECK = text(
    "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint"
    " WHERE conname = :name AND conrelid = to_regclass(:table)"
)


@pytest.mark.parametrize(("table", "column", "workflow"), COLUMNS)
async def test_the_database_knows_exactly_the_states_of_the_table(
    desk: Desk, table: str, column: str, workflow: Workflow[Any]
) -> None:
    name = f"ck_{table}_{column}_known"
    async with desk.sessions() as session:
        row = (await session.execute(_CHECK, {"name": name, "table": table})).one()
    listed, is_validated = re.findall(r"'([a-z_]+)'", row[0]), row[1]
    assert (sorted(listed), is_validated) == (sorted(workflow.states), True)
