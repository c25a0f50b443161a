from collections.abc import AsyncIterator

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.local.nats import NatsServer
from services.feedback.app import create_app
from shared.database.engine import new_engine, new_sessions
from shared.web import dependencies
from tests import support
from tests.feedback.event_helpers import EventClient
from tests.feedback.flood_helpers import FLOOD
from tests.feedback.isolated_service import Clock, IsolatedService, Sign
from tests.feedback.letter_helpers import LetterOffice, new_department
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
async def isolated_service(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: Sign
) -> AsyncIterator[IsolatedService]:
    """The service on a database of its own, without jobs and consumers."""
    url = databases.new("feedback", "onedoor_feedback_aside").service
    settings = support.settings_for("feedback", url, bus, tokens, background=False)
    app, present = create_app(settings), Clock()
    app.dependency_overrides[dependencies.present] = present
    engine = new_engine(settings, "tests")
    async with support.serve(app) as client:
        yield IsolatedService(client, new_sessions(engine), present, as_)
    await engine.dispose()


@pytest.fixture
def isolated(isolated_service: IsolatedService) -> IsolatedService:
    """It is Monday 2026-11-23, 10:00 in Asia/Shanghai, at the start of every test."""
    isolated_service.clock.now = Clock().now
    return isolated_service


@pytest.fixture
async def session(isolated_service: IsolatedService) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back, so that a sweep over everything leaves nothing behind."""
    async with isolated_service.sessions() as session:
        yield session
        await session.rollback()


@pytest.fixture
async def office(isolated: IsolatedService, as_: Sign) -> LetterOffice:
    """A letter office with a department of the test's own."""
    return LetterOffice(isolated, as_, await new_department(isolated))


@pytest.fixture(scope="session")
async def event_client(bus: NatsServer) -> AsyncIterator[EventClient]:
    event_client = EventClient(bus)
    yield event_client
    await event_client.close()


@pytest.fixture(scope="session")
async def guarded_service(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: Sign
) -> AsyncIterator[IsolatedService]:
    """The service with the guard's limits as they are outside of tests, on its own database."""
    url = databases.new("feedback", "onedoor_feedback_flood").service
    limits = support.settings_for("feedback", url, bus, tokens, background=False, **FLOOD)
    app, present = create_app(limits), Clock()
    app.dependency_overrides[dependencies.present] = present
    engine = new_engine(limits, "tests")
    async with support.serve(app) as client:
        yield IsolatedService(client, new_sessions(engine), present, as_)
    await engine.dispose()


@pytest.fixture
async def flooded(guarded_service: IsolatedService, as_: Sign) -> LetterOffice:
    """A letter office at the guarded service; each test an hour after the one before."""
    guarded_service.clock.advance(hours=2)
    return LetterOffice(guarded_service, as_, await new_department(guarded_service))
