"""The database refuses every state that the table of a workflow does not know, and no other."""

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Enum

from deploy.workflows import Found, workflows
from tests import support
from tests.support import Databases

FOUND = {found.workflow.title.en: found for found in workflows()}


def columns(found: Found) -> Iterator[tuple[str, str]]:
    """The tables and columns of the workflow's own service that hold its states."""
    service = found.source.split("/")[1]
    import_module(f"services.{service}.app")  # registers the tables of every room
    metadata = import_module(f"services.{service}.tables").Table.metadata
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Enum) and column.type.enum_class is found.workflow.kind:
                yield table.name, column.name


@pytest.mark.parametrize("title", FOUND)
async def test_a_state_is_in_the_table_or_not_in_the_database(
    title: str, databases: Databases
) -> None:
    found = FOUND[title]
    connection = await support.connect(databases[found.source.split("/")[1]])
    try:
        held = list(columns(found))
        assert held, "no table holds these states"
        for table, column in held:
            name = f"ck_{table}_{column}_known"
            definition = await connection.fetchval(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conname = $1 AND convalidated",
                name,
            )
            assert definition is not None, f"{table}.{column} takes any text"
            known = set(re.findall(r"'([a-z_]+)'", definition))
            assert known == {str(state) for state in found.workflow.states}
    finally:
        await connection.close()
