"""The one who tries every example of the documents: once a run, for the tests that look at it."""

from collections.abc import Iterator

import pytest

from tests.contracts.visitor import Visitor
from tests.system import System


@pytest.fixture(scope="package")
def visitor(system: System) -> Iterator[Visitor]:
    found = Visitor(system)
    found.tidy_halls()
    found.read_portals()
    found.walk()
    yield found
    found.client.close()
