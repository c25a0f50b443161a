"""A gateway on a real socket, with a small service of the house's kind behind it."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from deploy.services import SERVICES
from services.gateway.app import create_app
from services.gateway.direct.way import DirectWay
from services.gateway.documents import asyncapi, openapi
from services.gateway.notices.channels import carriers
from services.gateway.notices.contracts import Handover
from services.gateway.notices.delivering import Dispatcher
from services.gateway.notices.models import Notice
from shared.database.engine import Sessions, new_engine, new_sessions
from shared.web import glossary, room
from tests import support
from tests.connections import Kept
from tests.gateway.carrying import (
    KEYRING,
    SECRET,
    Handed,
    MailBox,
    SmsGateway,
    apart_settings,
    mail_server,
    sms_gateway,
)
from tests.gateway.loopback_server import WAYS, listening, listening_both_ways
from tests.gateway.service import Calls, service
from tests.support import Databases, Tokens


@dataclass(frozen=True)
class Running:
    """A running gateway, and what stands behind it."""

    address: str
    client: httpx.AsyncClient
    calls: Calls
    settings: Any


def keys_folder(tokens: Tokens, folder: Path) -> Path:
    """A folder of signing keys that holds the key of the tests' own tokens."""
    folder.mkdir(exist_ok=True)
    path = folder / "20260101T000000.000000Z.jwk"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump(tokens.key.as_dict(private=True), file)
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says so has its tests of the door run on both ways of forwarding."""
    if getattr(metafunc.module, "BOTH_WAYS", False) and "door" in metafunc.fixturenames:
        metafunc.parametrize("door", WAYS, indirect=True, scope="session")


@pytest.fixture(scope="session")
async def doors(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[str, Running]]:
    """One gateway, reached by the name of a way."""
    folder = tmp_path_factory.mktemp("gateway")
    calls = Calls()
    async with listening(service(f"file://{tokens.jwks}", calls)) as behind:
        settings = support.settings_for(
            "gateway",
            databases["gateway"],
            bus,
            tokens,
            keys_dir=keys_folder(tokens, folder / "keys"),
            demo_accounts_file=folder / "demo.json",
            upstreams={"appointments": behind},
        )
        async with AsyncExitStack() as stack:
            addresses = await stack.enter_async_context(listening_both_ways(create_app(settings)))
            found: dict[str, Running] = {}
            for way, address in addresses.items():
                client = httpx.AsyncClient(base_url=address, timeout=10, trust_env=False)
                await stack.enter_async_context(client)
                await _ready(client)
                found[way] = Running(address, client, calls, settings)
            yield found


@pytest.fixture(scope="session")
def door(request: pytest.FixtureRequest, doors: Mapping[str, Running]) -> Running:
    """The gateway as it is in production, or by the way that a test asks for."""
    return doors[getattr(request, "param", "direct")]


async def _ready(client: httpx.AsyncClient) -> None:
    async def look() -> bool:
        ready = await client.get("/readyz")
        known = await client.get("/api/v1/echo/x")
        return ready.status_code == known.status_code == 200

    await support.eventually(look, seconds=15)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each request that was tried directly, whether it was begun so."""
    found: list[bool] = []
    begin = DirectWay.begin

    def noting(way: DirectWay, *arguments: Any) -> Any:
        answer = begin(way, *arguments)
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(DirectWay, "begin", noting)
    return found


@pytest.fixture(scope="session")
def client(door: Running) -> httpx.AsyncClient:
    """Talks to the gateway over TCP."""
    return door.client


@pytest.fixture(scope="session")
def documents() -> Mapping[str, Mapping[str, Any]]:
    """Of each kind, the document of every service, read from its application."""
    found: dict[str, dict[str, Any]] = {"openapi": {}, "asyncapi": {}}
    for name in SERVICES:
        settings_type = getattr(
            import_module(f"services.{name}.settings"), f"{name.title()}Settings"
        )
        settings = settings_type(
            env="test",
            database_url="postgresql://nobody@127.0.0.1:9/none",
            column_keys=support.COLUMN_KEYS,
            index_key=support.INDEX_KEY,
        )
        module = import_module(f"services.{name}.app")
        built = module.create_app(settings)
        found["openapi"][name] = built.openapi()
        found["asyncapi"][name] = import_module("shared.messaging.asyncapi").document(
            built.title,
            built.version,
            publishes=room.publishes(module.ROOMS),
            subscribes=room.subscriptions(module.ROOMS),
            words=glossary.of(name),
        )
    return found


@pytest.fixture(scope="session")
def joined(documents: Mapping[str, Any]) -> dict[str, Any]:
    return openapi.join(documents["openapi"])


@pytest.fixture(scope="session")
def joined_events(documents: Mapping[str, Any]) -> dict[str, Any]:
    return asyncapi.join(documents["asyncapi"], nats_host="nats.example:4222")


@pytest.fixture(scope="session")
def apart(databases: Databases) -> Urls:
    """A database where no gateway is at work."""
    return databases.new("gateway", "gateway_notices")


@pytest.fixture(scope="session")
async def sessions(apart: Urls) -> AsyncIterator[Sessions]:
    engine = new_engine(apart_settings(apart), "test-notices")
    yield new_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def rows(apart: Urls, kept_connections: Kept) -> AsyncIterator[asyncpg.Connection]:
    """Looks at the tables, which each test finds empty."""
    async with kept_connections.lent(apart.owner) as connection:
        await connection.execute("TRUNCATE notice, notice_delivery, notice_preference")
        yield connection


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as found:
        yield found


@pytest.fixture
async def city() -> AsyncIterator[SmsGateway]:
    async with sms_gateway() as found:
        yield found


@pytest.fixture
def handed() -> Handed:
    """What the services say, by what a notice is about."""
    return {}


@pytest.fixture
def dispatcher(
    sessions: Sessions, apart: Urls, handed: Handed, box: MailBox, city: SmsGateway
) -> Dispatcher:
    async def ask(notice: Notice, _: datetime) -> Handover | None:
        return handed[notice.about_id]

    settings = apart_settings(
        apart,
        smtp_host="127.0.0.1",
        smtp_port=box.port,
        smtp_tls="none",
        smtp_from="onedoor@city.example",
        sms_webhook_url=city.url,
        sms_webhook_secret=SECRET,
    )
    return Dispatcher(sessions, KEYRING, ask, carriers(settings))
