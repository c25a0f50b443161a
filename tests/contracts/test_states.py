"""The database refuses every state that the table of a workflow does not know, and no other."""

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Enum

from deploy.workflows import Found, workflows
from tests import support
from tests.houserules import vocabulary
from tests.houserules.source import ROOT
from tests.support import Databases

FOUND = {found.workflow.title.en: found for found in workflows()}
KNOWN = {
    "Duties": ("duty", "hold"),
    "Matches": ("page_match", "state"),
    "Collector runs": ("collector_run", "state"),
    "Portal pages": ("portal_page", "detail_state"),
    "Source health": ("portal", "health"),
}
"""Columns that hold states for certain, however the others are found."""


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
        assert KNOWN.get(title, held[0]) in held
        for table, column in held:
            name = f"ck_{table}_{column}_known"
            definition = await connection.fetchval(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conname = $1 AND convalidated AND conrelid = to_regclass($2)",
                *(name, table),
            )
            assert definition is not None, f"{table}.{column} takes any text"
            known = re.findall(r"'([a-z_]+)'", definition)
            assert sorted(known) == sorted(str(state) for state in found.workflow.states)
    finally:
        await connection.close()


@pytest.mark.parametrize("title", FOUND)
def test_the_house_rules_know_the_states_and_actions(title: str) -> None:
    found = FOUND[title]
    service, room = found.source.split("/")[1:3]
    known = vocabulary.of(service)
    assert known.states[found.workflow.kind.__name__] == {str(s) for s in found.workflow.states}
    texts = vocabulary.of_file(ROOT / found.source).texts
    for action in found.workflow.actions:
        assert type(action).__name__ in known.actions or action in texts, f"{room}: {action}"


@pytest.mark.parametrize("title", FOUND)
def test_a_workflow_stands_in_its_room_so_that_the_documents_name_its_states(title: str) -> None:
    found = FOUND[title]
    room = import_module(".".join(found.source.split("/")[:3])).room
    assert any(workflow is found.workflow for workflow in room.workflows)
