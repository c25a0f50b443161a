"""PostgreSQL and NATS for the tests: private servers, started once per run, gone afterwards."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from importlib import import_module
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, settings

from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from deploy.services import SERVICES
from shared.web.serve import COLLECTED_AFTER, keep_what_is_loaded
from tests import cheap_passwords, digest_cells, outbox_bodies, provoking, sealed_cells, support
from tests.connections import Kept, connections
from tests.support import Connect, Databases, Tokens
from tests.system import System, counted_system

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # No test judges by the wall clock.
gc.set_threshold(*COLLECTED_AFTER)  # as services are run

Headers = Callable[..., dict[str, str]]
SEEN = pytest.StashKey[set[str]]()
LONGEST_ID = 60
digest_cells.remember()
cheap_passwords.begin()


@pytest.fixture(autouse=True)
def _provoked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Holds `@provokes(...)` against the answers that the test got."""
    claimed = provoking.claims(request.node)
    if not claimed:
        yield
        return
    with provoking.watching(monkeypatch) as seen:
        yield
    assert not claimed - provoking.of(seen), "claimed, but never seen"
    for one in seen:
        if one.claims() & claimed:
            provoking.check(one)


def pytest_make_parametrize_id(val: object) -> str | None:
    """The name of a test is sent to and fro: not with megabytes of what it tries."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{ascii(val[:LONGEST_ID])} and on"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that share what their module makes, read the whole house or ask every service stay in
    one worker: each other one would make, read and start it once more."""
    for item in items if config.pluginmanager.hasplugin("xdist") else ():
        if item.get_closest_marker("xdist_group") is None and (group := _group(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str | None:
    folder, module = item.path.parent.name, item.path.stem
    if folder in ("houserules", "security"):
        return folder
    known = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - pytest has no other way
    scopes = {made.scope for found in known.values() for made in found}
    return f"{folder}-{module}" if {"module", "package"} & scopes else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests, and all modules with them, stay until the end: there is no garbage to
    look for meanwhile, and none to look for among them later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish() -> None:
    """pytest looks for garbage ten times at its end: once at all that lives, then at the rest."""
    keep_what_is_loaded()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return provoking.held((yield), provoking.claims(item))


@pytest.fixture(scope="session")
def pg() -> Iterator[PostgresServer]:
    with support.postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
async def databases(pg: PostgresServer, pytestconfig: pytest.Config) -> AsyncIterator[Databases]:
    """When the run ends, what it left is checked: events as published, cells as declared."""
    made = Databases(pg)
    yield made
    looks = _bodies(_seen(pytestconfig)), sealed_cells.faults, digest_cells.faults
    await _check(pytestconfig, [(service, urls.owner) for service, urls in made.all], looks)


def _seen(config: pytest.Config) -> set[str]:
    """The types of event that this worker has seen."""
    return config.stash.setdefault(SEEN, set())


Look = Callable[[str, asyncpg.Connection], AsyncIterator[str]]


def _bodies(seen: set[str]) -> Look:
    """Events that break the published schema; the types of all go into `seen`."""

    async def faults(_: str, database: asyncpg.Connection) -> AsyncIterator[str]:
        for fault in outbox_bodies.check(await outbox_bodies.read(database), seen):
            yield fault

    return faults


async def _check(
    config: pytest.Config, owned: Iterable[tuple[str, str]], looks: Iterable[Look]
) -> None:
    """Fails where one of the `looks` finds a fault in a database (its service and owner's URL)."""
    faults: list[str] = []
    for service, url in owned:
        try:
            database = await support.connect(url)
        except asyncpg.InvalidCatalogNameError:
            continue  # the test that made it took it away
        try:
            faults += [fault for look in looks async for fault in look(service, database)]
        finally:
            await database.close()
    if hasattr(config, "workeroutput"):
        config.workeroutput["event_types"] = sorted(_seen(config))
    assert not faults, "\n".join(faults)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker has seen, for the summary of the whole run."""
    seen = node.config.stash.setdefault(SEEN, set())
    seen.update(getattr(node, "workeroutput", {}).get("event_types", ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    seen = config.stash.get(SEEN, set())
    if not seen or config.option.keyword or any(".py" in path for path in config.args):
        return
    terminalreporter.section("events never seen")
    for kind in outbox_bodies.never(seen):
        terminalreporter.write_line(kind)


@pytest.fixture(scope="session")
async def bus() -> AsyncIterator[NatsServer]:
    """NATS with the streams and consumers of the whole house."""
    with support.nats_server() as server:
        await support.provision_streams(server)
        yield server


@pytest.fixture(scope="session")
def tokens() -> Iterator[Tokens]:
    with support.private_folder() as folder:
        yield Tokens(folder)


@pytest.fixture(scope="session")
def as_(tokens: Tokens) -> Headers:
    """`headers=as_("clerk", "H001", sub="clerk7")`: how a caller with that role, or with several
    (`"clerk officer"`), signs requests."""

    def headers(role: str, *places: str, sub: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens(role, *places, sub=sub)}"}

    return headers


async def in_this_process(
    service: str, databases: Databases, bus: NatsServer, tokens: Tokens, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, with settings of the tests and `more`."""
    given = support.settings_for(service, databases[service], bus, tokens, **more)
    app = import_module(f"services.{service}.app").create_app(given)
    async with support.serve(app) as client:
        yield client


@pytest.fixture(scope="session")
async def appointments(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("appointments", databases, bus, tokens):
        yield client


@pytest.fixture(scope="session")
async def projects(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("projects", databases, bus, tokens):
        yield client


@pytest.fixture(scope="session")
async def feedback(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    async for client in in_this_process("feedback", databases, bus, tokens):
        yield client


@pytest.fixture(scope="session")
async def kept_connections() -> AsyncIterator[Kept]:
    kept = Kept()
    yield kept
    kept.end()


@pytest.fixture
async def sql(databases: Databases, kept_connections: Kept) -> AsyncIterator[Connect]:
    """`await sql("feedback")`: a connection to that service's database as its owner."""
    async with connections(kept_connections, databases.urls) as connect:
        yield connect


@pytest.fixture(scope="session")
def system(pytestconfig: pytest.Config) -> Iterator[System]:
    """The whole system in processes of its own; tests that use it share one xdist group."""
    with counted_system() as running:
        yield running
        owned = [(service, running.owner_url(service)) for service in SERVICES]
        looks = [_bodies(_seen(pytestconfig))]
        support.in_thread(lambda: asyncio.run(_check(pytestconfig, owned, looks)))
