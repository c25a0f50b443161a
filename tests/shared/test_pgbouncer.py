"""Services work through the real PgBouncer in transaction mode, with one setting."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy import postgres as roles
from deploy.local import servers
from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from deploy.local.servers import LOOPBACK, Command
from deploy.services import SERVICES
from services.gateway.access import keys
from shared import clock
from shared.database.engine import DirectPool, new_engine, new_sessions
from tests import support
from tests.support import Databases, Tokens

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SERVER_CONNECTIONS = 4
CONFIGURATION = """
[databases]
* = host={host} port={behind}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
"""
ROLES = (("", "test"), ("_owner", "owner"))
"""What each role's name ends in, and its password in the tests begins with."""
LETTER = "/api/v1/letters"
LETTERS = 24
AT_ONCE = 6

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed"),
    pytest.mark.xdist_group("pgbouncer"),
]


@pytest.fixture(scope="module")
def pooler(pg: PostgresServer) -> Iterator[int]:
    """PgBouncer before the tests' PostgreSQL, with so few connections that all change hands."""
    with support.private_folder() as folder:
        port, account = servers.free_port(), "nobody" if os.geteuid() == 0 else None
        users, configuration = folder / "users", folder / "pgbouncer.ini"
        names = [(f"onedoor_{s}{o}", f"{p}-{s}") for s in SERVICES for o, p in ROLES]
        users.write_text("".join(f'"{name}" "{password}"\n' for name, password in names))
        configuration.write_text(
            CONFIGURATION.format(
                host=LOOPBACK, behind=pg.port, port=port, users=users, size=SERVER_CONNECTIONS
            )
        )
        folder.chmod(0o711)
        if account is not None:  # it refuses to run as root
            for file in (users, configuration):
                shutil.chown(file, account)
        command = Command((str(PROGRAM), str(configuration)), user=account)
        log = folder / "log"
        running = servers.start(command, port, log, lambda: servers.accepts(port))
        yield port
        running.stop()


def _through(port: int, url: str) -> str:
    return re.sub(r"@[^/]+/", f"@{LOOPBACK}:{port}/", url)


@pytest.fixture
def made(databases: Databases) -> roles.Urls:
    return databases.new("feedback", f"pooled_{uuid4().hex[:8]}")


@pytest.fixture
def settings(made: roles.Urls, pooler: int, bus: NatsServer, tokens: Tokens) -> Any:
    url = _through(pooler, made.service)
    return support.settings_for("feedback", url, bus, tokens, statement_cache_size=0)


@pytest.fixture
async def feedback_pooled(settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = import_module("services.feedback.app").create_app(settings)
    async with support.serve(app, until_ready=False) as client:
        await _ready(client)
        yield client


async def _ready(client: httpx.AsyncClient) -> dict[str, str]:
    """What it says once it is: on few connections its first answers may be late."""

    async def answered() -> dict[str, str] | None:
        answer = await client.get("/readyz")
        found: dict[str, str] = answer.json()
        return found if answer.status_code == 200 else None

    return await support.eventually(answered, 60)


async def test_letters_are_written_and_found_while_connections_change_hands(
    feedback_pooled: httpx.AsyncClient, made: roles.Urls
) -> None:
    client, turn = feedback_pooled, asyncio.Semaphore(AT_ONCE)

    async def write_and_read(number: int) -> str:
        letter = {"kind": "help", "title": "路灯不亮", "body": f"东城街道的路灯坏了{number}天。"}
        key = {"Idempotency-Key": uuid4().hex}
        async with turn:
            sent = await _patiently(lambda: client.post(LETTER, json=letter, headers=key))
            assert sent.status_code == 201, sent.text
            again = await _patiently(lambda: client.post(LETTER, json=letter, headers=key))
            assert again.json() == sent.json()
            search = {"q": f"路灯{number}"}
            found = await _patiently(lambda: client.get("/api/v1/published-letters", params=search))
            assert found.status_code == 200, found.text
        return str(sent.json()["reg_no"])

    numbers = await asyncio.gather(*(write_and_read(n) for n in range(LETTERS)))
    assert len({*numbers}) == LETTERS
    rows = await support.connect(made.owner)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    used = await rows.fetchval(f"{count} AND usename = 'onedoor_feedback'")
    left = await rows.fetchval("SELECT count(*) FROM letter")
    await rows.close()
    assert left == LETTERS
    assert 0 < used <= SERVER_CONNECTIONS


async def _patiently(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """As a client does whom a busy machine asks to come again: the key makes that safe."""

    async def answered() -> httpx.Response | None:
        answer = await send()
        return None if answer.status_code == 503 else answer

    return await support.eventually(answered, 60)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_becomes_ready_with_its_consumers_and_jobs(
    databases: Databases, pooler: int, bus: NatsServer, tokens: Tokens, service: str
) -> None:
    url, more = _through(pooler, databases[service]), {}
    if service == "gateway":
        more["keys_dir"] = tokens.jwks.parent / "keys-pooled"
        keys.create(more["keys_dir"], clock.now())
    settings = support.settings_for(service, url, bus, tokens, statement_cache_size=0, **more)
    app = import_module(f"services.{service}.app").create_app(settings)
    async with support.serve(app, until_ready=False) as client:
        measured = await _ready(client)
    assert (measured["database"], measured["background"]) == ("ok", "ok")


async def test_limits_come_from_the_role(settings: Any) -> None:
    limits = {k: v for k, v in roles.SERVICE_LIMITS.items() if k.endswith("_timeout")}
    assert set(limits.values()) == {"5s", "2s", "10s"}
    engine, direct = new_engine(settings, "tests"), DirectPool(settings, "tests", None)
    try:
        for name, value in limits.items():
            async with new_sessions(engine)() as session:
                assert (await session.execute(text(f"SHOW {name}"))).scalar_one() == value
            assert await direct.fetchval(f"SHOW {name}") == value
    finally:
        await direct.close()
        await engine.dispose()


async def test_a_role_without_limits_is_not_ready(
    made: roles.Urls, pooler: int, settings: Any
) -> None:
    """The owner waits as long as a migration takes; a service on its role would do so too."""
    open_ended = settings.model_copy(update={"database_url": _through(pooler, made.owner)})
    app = import_module("services.feedback.app").create_app(open_ended)
    async with support.serve(app, until_ready=False) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    expected = "the role has no idle_in_transaction_session_timeout, statement_timeout"
    assert answer.json()["database"] == expected
