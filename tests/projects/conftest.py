from collections.abc import AsyncIterator

import pytest

from deploy.local.nats import NatsServer
from shared.db import new_engine, new_sessions
from tests import support
from tests.projects.collecting_world import Desk
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
async def desk(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desk]:
    """A database for collecting by hand: no job of a running service touches it."""
    url = databases.new("projects", "onedoor_projects_collecting").service
    engine = new_engine(support.settings_for("projects", url, bus, tokens), "tests")
    yield Desk(new_sessions(engine), tmp_path_factory.mktemp("evidence"))
    await engine.dispose()
