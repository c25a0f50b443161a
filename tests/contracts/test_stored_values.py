"""What a column of words may hold is read for ever, and by a release before the next one writes it.

The values are kept in `stored_values.json`; `python -m tests.contracts.record` adds new ones.
"""

import json
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Enum, MetaData

from deploy.services import SERVICES

RECORDED = Path(__file__).parent / "stored_values.json"

Values = dict[str, list[str]]


def stored_values(service: str) -> Values:
    """The words that each column of the service may hold, by `table.column`."""
    import_module(f"services.{service}.app")  # with all models
    metadata: MetaData = import_module(f"services.{service}.tables").Table.metadata
    return {
        f"{table.name}.{column.name}": sorted(column.type.enums)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    }


def recorded(service: str) -> Values:
    found: dict[str, Values] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    return found.get(service, {})


@pytest.mark.parametrize("service", SERVICES)
def test_no_value_is_forgotten_that_a_row_may_hold(service: str) -> None:
    """A table or a column that is gone holds none."""
    read = stored_values(service)
    lost = {
        column: sorted(set(values) - set(read[column]))
        for column, values in recorded(service).items()
        if column in read
    }
    assert not {column: values for column, values in lost.items() if values}


@pytest.mark.parametrize("service", SERVICES)
def test_a_new_value_is_recorded_and_written_by_the_next_release_only(service: str) -> None:
    """Record it once you have made sure that nothing of this release writes it (decision 048)."""
    known = recorded(service)
    new = {
        column: sorted(set(values) - set(known.get(column, [])))
        for column, values in stored_values(service).items()
    }
    assert not {column: values for column, values in new.items() if values}
