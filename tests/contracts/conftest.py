"""The one who tries every example of the documents, once a run, and services on both stacks."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local.nats import NatsServer
from tests.conftest import in_this_process
from tests.contracts.visitor import Visitor
from tests.support import Databases, Tokens
from tests.system import System


@pytest.fixture(scope="package")
def visitor(system: System) -> Iterator[Visitor]:
    found = Visitor(system)
    found.tidy_halls()
    found.read_portals()
    found.walk()
    yield found
    found.client.close()


@pytest.fixture(scope="session", params=["lean", "standard"])
def chosen(request: pytest.FixtureRequest) -> dict[str, bool]:
    """What is asked of a service here is asked on the short way through the framework and on the
    standard stack (decision 041)."""
    return {"standard_stack": request.param == "standard"}


@pytest.fixture(scope="session")
async def appointments(
    databases: Databases, bus: NatsServer, tokens: Tokens, chosen: dict[str, bool]
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("appointments", databases, bus, tokens, **chosen):
        yield client


@pytest.fixture(scope="session")
async def projects(
    databases: Databases, bus: NatsServer, tokens: Tokens, chosen: dict[str, bool]
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("projects", databases, bus, tokens, **chosen):
        yield client


@pytest.fixture(scope="session")
async def feedback(
    databases: Databases, bus: NatsServer, tokens: Tokens, chosen: dict[str, bool]
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("feedback", databases, bus, tokens, **chosen):
        yield client
