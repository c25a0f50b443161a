"""The demo city in the database: loaded once, and each duty heading for its known right answer."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from deploy.local.nats import NatsServer
from services.projects import demo
from services.projects.demo_world import Case, world
from shared import clock
from shared.database.engine import Sessions, new_engine, new_sessions
from tests import support
from tests.support import Databases, Tokens


@pytest.fixture
async def sessions(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[Sessions]:
    """An empty database of its own."""
    url = databases.new("projects", "onedoor_projects_city").service
    engine = new_engine(support.settings_for("projects", url, bus, tokens), "tests")
    yield new_sessions(engine)
    await engine.dispose()


async def test_the_demo_city_loads_once_and_waits_for_its_pages(sessions: Sessions) -> None:
    now = clock.now()
    async with sessions() as session, session.begin():
        assert await demo.load(session, now) == len(world(clock.today(now)).duties) == 360
    async with sessions() as session, session.begin():
        assert await demo.load(session, now) == 0
        rows = (await session.execute(text("SELECT verdict FROM standing"))).scalars()
        found = Counter(rows)
    expected = Counter(
        "unknown"
        if duty.case is Case.NO_FORMATION_DATE
        else duty.verdict
        if duty.case in (Case.PENDING, Case.DUE_SOON)
        else "open"
        for duty in world(clock.today(now)).duties
    )
    for verdict in ("unknown", "pending", "due_soon", "calendar_unknown"):
        assert found[verdict] >= expected[verdict]
    assert found["overdue"] == found["late"] == 0
