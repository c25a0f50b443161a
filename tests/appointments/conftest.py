"""The appointments service with a clock that tests set, and halls to queue in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from services.appointments.people.contracts import AccountIdentified
from services.appointments.people.handlers import learn_person
from services.appointments.settings import AppointmentsSettings
from shared.database.engine import Sessions, new_engine, new_sessions
from shared.messaging.events import Envelope
from shared.web import dependencies
from tests import support
from tests.appointments import offices, queue_helpers
from tests.appointments.offices import KEYRING, Office
from tests.appointments.queue_helpers import Clock, Floor
from tests.appointments.release_line import Line
from tests.appointments.waiting_line import Jobs, jobs_of
from tests.connections import Kept, connections
from tests.support import Connect, Databases, Tokens

Build = Callable[..., Awaitable[Floor]]
Identify = Callable[..., Awaitable[None]]


def _settings(url: str, bus: NatsServer, tokens: Tokens) -> AppointmentsSettings:
    settings: AppointmentsSettings = support.settings_for(
        "appointments", url, bus, tokens, background=False, channel_pools=True
    )
    return settings


@pytest.fixture(scope="session")
def test_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def timeless(databases: Databases) -> Urls:
    """A database without jobs: at the real time they would end what a test's clock begins."""
    return databases.new("appointments", "appointments_timeless")


@pytest.fixture
async def sql(
    databases: Databases, timeless: Urls, kept_connections: Kept
) -> AsyncIterator[Connect]:
    """`await sql("appointments")`: as everywhere, but to the database on the test's clock."""
    clocked = {"appointments": timeless}
    async with connections(kept_connections, lambda s: clocked.get(s) or databases.urls(s)) as made:
        yield made


@pytest.fixture(scope="session")
async def on_test_clock(
    timeless: Urls, bus: NatsServer, tokens: Tokens, test_clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """The service without its jobs, at the time that `test_clock` says."""
    url = timeless.service
    app = create_app(_settings(url, bus, tokens))
    app.dependency_overrides[dependencies.present] = test_clock
    async with support.serve(app) as client:
        yield client


@pytest.fixture
async def hall(
    on_test_clock: httpx.AsyncClient,
    sql: Connect,
    as_: queue_helpers.SIGN,
    test_clock: Clock,
) -> Build:
    """`await hall(windows=2)`: a new hall whose windows are still offline."""
    owner = await sql("appointments")

    async def build(**shape: int) -> Floor:
        test_clock.never_late()
        code, windows, items = await queue_helpers.build(owner, **shape)
        return Floor(on_test_clock, as_, code, windows, items, test_clock)

    return build


@pytest.fixture
async def office(
    on_test_clock: httpx.AsyncClient,
    sql: Connect,
    as_: queue_helpers.SIGN,
    test_clock: Clock,
) -> AsyncIterator[Office]:
    """A new hall that takes appointments, at nine o'clock on a Tuesday."""
    before, test_clock.at = test_clock.at, offices.NINE
    yield await offices.build(on_test_clock, as_, await sql("appointments"), test_clock)
    test_clock.at = before


@pytest.fixture(scope="session")
async def sessions(timeless: Urls) -> AsyncIterator[Sessions]:
    """Transactions of the appointments service, for jobs that a test runs itself."""
    settings = AppointmentsSettings(
        database_url=timeless.service,
        column_keys=support.COLUMN_KEYS,
        index_key=support.INDEX_KEY,
    )
    engine = new_engine(settings, "test-jobs")
    yield new_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def owner(sql: Any) -> asyncpg.Connection:
    """Looks at rows, as the owner of the database."""
    connection: asyncpg.Connection = await sql("appointments")
    return connection


@pytest.fixture
def identify(sessions: Sessions) -> Identify:
    """`await identify(account, who)`: what arrives once the gateway has checked an identity."""

    async def learn(account: UUID, who: dict[str, str], version: int = 1) -> None:
        number, phone = who.get("id_number"), who.get("phone")
        checked = AccountIdentified(
            account_id=account,
            document_index=number and KEYRING.document_index(number, where="person.document"),
            phone_index=phone and KEYRING.phone_index(phone, where="person.phone"),
            version=version,
        )
        envelope: Envelope[AccountIdentified] = Envelope(
            source="/gateway", type=AccountIdentified.type, data=checked
        )
        async with sessions() as session, session.begin():
            await learn_person(session, envelope)

    return learn


@pytest.fixture
async def other(timeless: Urls) -> AsyncIterator[asyncpg.Connection]:
    """Another transaction, which waits for nobody."""
    connection: asyncpg.Connection = await support.connect(timeless.owner)
    await connection.execute("SET lock_timeout = '1s'; BEGIN")
    yield connection
    await connection.execute("ROLLBACK")
    await connection.close()


@pytest.fixture
def jobs(office: Office, sessions: Sessions) -> Jobs:
    """`await jobs()`: what happens within seconds on the waitlist."""
    return jobs_of(office, sessions)


@pytest.fixture
def line(office: Office, sessions: Sessions) -> Line:
    """`await line.announce()`: places of the office that are given out in turn."""
    return Line(office, sessions)
