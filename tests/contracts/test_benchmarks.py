"""What benchmarks write into tables is what the tables are, though benchmarks run now and then."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import NamedTuple

import pytest
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql

from deploy.services import SERVICES
from tests.houserules.source import name, tracked

PEERS = "tests/benchmarks/peers/"
"""Whose tables are their own."""
_INSERTS = re.compile(r'INSERT INTO "?(\w+)"?(?: AS \w+)?\s*\(([^()]*)\)')
_UPDATES = re.compile(r'UPDATE "?(\w+)"?(?: AS)?(?: \w+)? SET (\w+) =')
_ALTERS = re.compile(r'ALTER TABLE "?(\w+)"?')
_CONSTRAINTS = re.compile(r"\b(?:ck|fk|ix|pk|uq)_\w+")
_WORDS = re.compile(r"[a-z]\w*")


class Written(NamedTuple):
    """A statement that writes rows, by the columns it names; `is_whole`: those are all it gives."""

    file: str
    table: str
    columns: frozenset[str]
    is_whole: bool


def sources() -> Iterator[tuple[str, str]]:
    for path in tracked("tests/benchmarks/*.py"):
        if not name(path).startswith(PEERS):
            yield name(path), path.read_text()


def written() -> Iterator[Written]:
    for file, source in sources():
        for table, columns in _INSERTS.findall(source):
            # A template may leave some columns open.
            names, holes = re.sub(r"\{+\w*\}+", "", columns), columns.count("{")
            yield Written(file, table, frozenset(_WORDS.findall(names)), not holes)
        for table, column in _UPDATES.findall(source):
            yield Written(file, table, frozenset({column}), False)
        for table in _ALTERS.findall(source):
            yield Written(file, table, frozenset(), False)


@cache
def tables() -> dict[str, Table]:
    """Of all services; what each of them has, as the first has it."""
    found: dict[str, Table] = {}
    for service in SERVICES:
        import_module(f"services.{service}.app")  # with all models
        metadata: MetaData = import_module(f"services.{service}.tables").Table.metadata
        found = {**metadata.tables, **found}
    return found


def constraints() -> set[str]:
    """As the database knows them."""
    prepare = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
    found: set[str | None] = set()
    for table in tables().values():
        found |= {prepare.format_constraint(each) for each in table.constraints}
        found |= {index.name for index in table.indexes}
    return {each for each in found if each}


def needed(table: Table) -> set[str]:
    """The columns of which every new row must be given a value."""
    return {
        column.name
        for column in table.columns
        if not (column.nullable or column.server_default or column.identity or column.computed)
    }


@pytest.mark.parametrize("one", [*written()], ids=lambda one: f"{one.file}-{one.table}")
def test_a_benchmark_writes_columns_that_there_are_and_all_that_are_needed(one: Written) -> None:
    table = tables()[one.table]
    assert one.columns <= {*table.columns.keys()}
    assert not one.is_whole or not needed(table) - one.columns


def test_a_benchmark_names_constraints_that_there_are() -> None:
    named = {(file, each) for file, source in sources() for each in _CONSTRAINTS.findall(source)}
    assert named, "none names one any more"
    known = constraints()
    assert {(file, each) for file, each in named if each not in known} == set()
