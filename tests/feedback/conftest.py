from collections.abc import AsyncIterator

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.local.nats import NatsServer
from services.feedback.app import create_app
from shared.database.engine import new_engine, new_sessions
from shared.web import dependencies
from tests import support
from tests.feedback.event_helpers import Wire
from tests.feedback.isolated_service import Aside, Clock, Sign
from tests.feedback.letter_helpers import Desk, new_department
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
async def service_aside(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: Sign
) -> AsyncIterator[Aside]:
    """The service on a database of its own, without jobs and consumers."""
    url = databases.new("feedback", "onedoor_feedback_aside").service
    settings = support.settings_for("feedback", url, bus, tokens, background=False)
    app, present = create_app(settings), Clock()
    app.dependency_overrides[dependencies.present] = present
    engine = new_engine(settings, "tests")
    async with support.serve(app) as client:
        yield Aside(client, new_sessions(engine), present, as_)
    await engine.dispose()


@pytest.fixture
def aside(service_aside: Aside) -> Aside:
    """It is Monday 2026-11-23, 10:00 in Asia/Shanghai, at the start of every test."""
    service_aside.clock.now = Clock().now
    return service_aside


@pytest.fixture
async def session(service_aside: Aside) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back, so that a sweep over everything leaves nothing behind."""
    async with service_aside.sessions() as session:
        yield session
        await session.rollback()


@pytest.fixture
async def desk(aside: Aside, as_: Sign) -> Desk:
    """A letters' desk with a department of the test's own."""
    return Desk(aside, as_, await new_department(aside))


@pytest.fixture(scope="session")
async def wire(bus: NatsServer) -> AsyncIterator[Wire]:
    wire = Wire(bus)
    yield wire
    await wire.close()
