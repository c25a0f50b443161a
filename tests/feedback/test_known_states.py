"""The database refuses a state that the table of its workflow does not have."""

import re
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.workflow import WORKFLOW as LETTERS
from services.feedback.deadlines.workflow import CLOCKS
from services.feedback.publication.workflow import WORKFLOW as REDACTIONS
from services.feedback.ratings.workflow import INVITATIONS
from services.feedback.ratings.workflow import WORKFLOW as RATINGS
from services.feedback.supervision.workflow import WORKFLOW as ORDERS
from shared.workflow import Workflow

COLUMNS: list[tuple[str, str, Workflow[Any]]] = [
    ("letter", "state", LETTERS),
    ("letter_transition", "from_state", LETTERS),
    ("letter_transition", "to_state", LETTERS),
    ("redaction", "state", REDACTIONS),
    ("rating", "state", RATINGS),
    ("rating_step", "state", RATINGS),
    ("rating_invitation", "state", INVITATIONS),
    ("supervision_order", "state", ORDERS),
    ("supervision_step", "state", ORDERS),
    ("deadline", "state", CLOCKS),
]

_CHECK = text("""
    SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint
    WHERE conrelid = CAST(:table AS regclass) AND conname = :name
""")


@pytest.mark.parametrize(
    ("table", "column", "workflow"), COLUMNS, ids=[f"{t}.{c}" for t, c, _ in COLUMNS]
)
async def test_a_check_lists_exactly_the_states_of_the_table(
    session: AsyncSession, table: str, column: str, workflow: Workflow[Any]
) -> None:
    wanted = {"table": table, "name": f"ck_{table}_{column}_known"}
    definition, validated = (await session.execute(_CHECK, wanted)).one()
    assert set(re.findall(r"'(\w+)'::", definition)) == {str(state) for state in workflow.states}
    assert validated


async def test_every_column_of_states_is_checked(session: AsyncSession) -> None:
    """A new table with a state comes with its check."""
    found = await session.execute(
        text("""
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public'
            AND (column_name = 'state' OR column_name LIKE '%\\_state')
        """)
    )
    assert {tuple(row) for row in found} == {(table, column) for table, column, _ in COLUMNS}


@pytest.mark.parametrize("workflow", {id(w): w for _, _, w in COLUMNS}.values())
def test_a_table_names_every_state_of_its_enum(workflow: Workflow[Any]) -> None:
    kind: type[StrEnum] = workflow.kind
    assert set(workflow.states) == set(kind)
