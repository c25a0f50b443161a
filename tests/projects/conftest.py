from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.projects import named_addresses, rectification
from services.projects.app import create_app
from shared.database.engine import Sessions, new_engine, new_sessions
from shared.jobs import Job
from tests import support
from tests.conftest import Headers
from tests.projects import quarter_world
from tests.projects.collecting_world import Desk
from tests.projects.evidence_archive import Archive
from tests.projects.packs_city import City
from tests.projects.quarter_world import Quarter
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
async def sessions(databases: Databases) -> AsyncIterator[Sessions]:
    """Transactions of the service's own, in the database of the client `projects`.

    Whatever watches over orders there is held off: tests do that themselves, step by step.
    """
    url = make_url(databases["projects"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    turns = await support.connect(databases["projects"])
    for job in (*rectification.room.jobs, *named_addresses.room.jobs):
        assert isinstance(job, Job)
        await turns.execute("SELECT pg_advisory_lock(hashtextextended($1, 11))", job.name)
    yield new_sessions(engine)
    await turns.close()
    await engine.dispose()


@pytest.fixture(scope="session")
async def desk(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desk]:
    """A database for collecting by hand: no job of a running service touches it."""
    url = databases.new("projects", "onedoor_projects_collecting").service
    folder = tmp_path_factory.mktemp("evidence")
    settings = support.settings_for(
        "projects", url, bus, tokens, background=False, evidence_dir=folder
    )
    engine = new_engine(settings, "tests")
    async with support.serve(create_app(settings)) as client:
        desk = Desk(new_sessions(engine), folder, client)
        await desk.ask_for_no_gap()
        yield desk
    await engine.dispose()


@pytest.fixture(scope="session")
async def quarter(projects: httpx.AsyncClient, as_: Headers, databases: Databases) -> Quarter:
    """The second quarter of 2013 and its report, judged today."""
    return await quarter_world.made(projects, as_, databases)


@pytest.fixture(scope="session")
def evidence_urls(databases: Databases) -> Urls:
    """A database for evidence alone."""
    return databases.new("projects", "onedoor_projects_evidence")


@pytest.fixture
async def archive(
    evidence_urls: Urls, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> AsyncIterator[Archive]:
    """Empty at the start of every test; as owner, so that a test can tamper."""
    settings = support.settings_for("projects", evidence_urls.owner, bus, tokens)
    engine = new_engine(settings, "tests")
    sessions = new_sessions(engine)
    async with sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("TRUNCATE capture, evidence_day, evidence_mark CASCADE")
    yield Archive(sessions, tmp_path)
    await engine.dispose()


@pytest.fixture(scope="session")
async def city(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: Headers
) -> AsyncIterator[City]:
    """Its catalogue and its packs are for tests to change."""
    urls = databases.new("projects", "onedoor_projects_packs")
    settings = support.settings_for("projects", urls.service, bus, tokens, background=False)
    engine = new_engine(settings, "tests")
    rows = await support.connect(urls.owner)
    async with support.serve(create_app(settings)) as client:
        yield City(client, rows, new_sessions(engine), as_)
    await rows.close()
    await engine.dispose()
