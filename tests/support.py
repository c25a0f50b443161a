"""What the tests stand on: private servers, real tokens, services that run in this process."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy import nats as nats_configuration
from deploy import postgres as roles
from deploy import streams
from deploy.local import nats as local_nats
from deploy.local import postgres as local_postgres
from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from shared.database import addresses
from shared.database.migrate import main as migrate

ISSUER = AUDIENCE = "onedoor"
COLUMN_KEYS = "test:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
INDEX_KEY = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
INDEX_CHAINS = (INDEX_KEY, f"{INDEX_KEY},b:Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=")
"""The index key before and after it was changed."""

T = TypeVar("T")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that an unprivileged server process can reach, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="onedoor-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


UNSAFE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_init_zero": "off",
    "autovacuum_naptime": "10min",
}
"""What is written outlives every process and not the machine. Waiting for the disk took half of
the tests' time; those that kill or fill servers have the whole system, which waits. Of dozens of
databases each would be looked into every minute for what to vacuum, by a process of its own."""


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL with the settings of production, but for one: see `UNSAFE`."""
    with private_folder() as folder:
        server = local_postgres.start(folder / "pg", password=uuid4().hex, settings=UNSAFE)
        try:
            yield server
        finally:
            server.running.process.send_signal(signal.SIGQUIT)  # nobody reads what it would write
            server.stop()


@contextmanager
def nats_server() -> Iterator[NatsServer]:
    """A private NATS with the users and rights of production, that waits for no disk either."""
    passwords = {user: uuid4().hex for user in nats_configuration.USERS}
    with private_folder() as folder:
        server = local_nats.start(folder, passwords=passwords, sync_interval="1m")
        try:
            yield server
        finally:
            server.stop()


def sample(table: str) -> str:
    """Rows of a table that are looked at when a run ends; what is loaded by the ten thousand is
    alike."""
    return f'(SELECT * FROM "{table}" LIMIT 5000) AS sample'


async def texts_like(rows: asyncpg.Connection, condition: str, given: str) -> list[tuple[str, str]]:
    """The columns with texts (table, name) of which a cell meets the condition, of `{}` and $1."""
    tables: dict[str, list[str]] = {}
    for table, name in await rows.fetch(_TEXTS):
        tables.setdefault(table, []).append(name)
    each = []
    for table, names in tables.items():
        met = ", ".join("bool_or(" + condition.format(f'"{name}"') + ")" for name in names)
        each.append(f"SELECT '{table}' AS name, ARRAY[{met}] AS met FROM {sample(table)}")
    told = await rows.fetch(" UNION ALL ".join(each), given) if each else []
    return [
        (row["name"], name)
        for row in told
        for name, is_met in zip(tables[row["name"]], row["met"], strict=True)
        if is_met
    ]


_TEXTS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0
AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('text'::regtype, 'varchar'::regtype)
"""
"""Of tables that hold something: of dozens of databases with a hundred tables each, few do."""


class Databases:
    """Each service's database, made and migrated when first asked for: `databases["feedback"]`."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._made: dict[str, roles.Urls] = {}
        self._templates: dict[str, roles.Urls] = {}
        self.all: list[tuple[str, roles.Urls]] = []

    def __getitem__(self, service: str) -> str:
        """The URL that the service itself uses."""
        return self.urls(service).service

    def urls(self, service: str) -> roles.Urls:
        """The service's URL and its owner's."""
        if service not in self._made:
            self._made[service] = self.new(service)
        return self._made[service]

    def new(self, service: str, database: str | None = None) -> roles.Urls:
        """A fresh, migrated database of `service`: a copy of one that is migrated once."""
        if service not in self._templates:
            self._templates[service] = self._template(service)
        name = database or addresses.database(service)
        _apart(partial(self._copy, service, name))
        urls = _of(self._templates[service], name)
        self.all.append((service, urls))
        return urls

    def _template(self, service: str) -> roles.Urls:
        passwords = roles.Passwords(owner=f"owner-{service}", service=f"test-{service}")
        admin, name = self._server.admin_url, f"template_{service}"
        work = partial(roles.provision, admin, service, passwords, database=name)
        urls: roles.Urls = _apart(work)
        in_thread(partial(migrate, service, "upgrade", url=urls.owner))
        _apart(partial(roles.protect, urls.owner, service))
        return urls

    async def _copy(self, service: str, name: str) -> None:
        """With the rights that the service has in the template."""
        owner, admin = addresses.owner(service), await connect(self._server.admin_url)
        try:
            await admin.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template_{service}")
            await roles.let_in(admin, name, addresses.database(service))
        finally:
            await admin.close()


def _of(template: roles.Urls, name: str) -> roles.Urls:
    """Where the copy of that name is."""
    owner, service = (url.rpartition("/")[0] for url in (template.owner, template.service))
    return roles.Urls(owner=f"{owner}/{name}", service=f"{service}/{name}")


def _apart(work: Callable[[], Any]) -> Any:
    """Run a coroutine function to its end beside the loop that is running."""
    return in_thread(lambda: asyncio.run(work()))


def in_thread(work: Callable[[], T]) -> T:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class Tokens:
    """Signs access tokens as the gateway does; `jwks` is the file of its public key."""

    def __init__(self, folder: Path) -> None:
        self.key = OKPKey.generate_key("Ed25519", {"kid": "test"})
        self.jwks = folder / "jwks.json"
        self.jwks.write_text(json.dumps({"keys": [self.key.as_dict(private=False)]}))

    def __call__(self, role: str, *places: str, sub: str | None = None, **claims: Any) -> str:
        """A token good for ten minutes; `sub` is the role's name unless given."""
        now = int(time.time())
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": sub or f"{role}-test",
            "roles": role.split(),
            "places": list(places),
            "iat": now,
            "exp": now + 600,
            "jti": uuid4().hex,
            **claims,
        }
        header = {"alg": "EdDSA", "kid": "test", "typ": "at+jwt"}
        return jwt.encode(header, payload, self.key, algorithms=["EdDSA"])


NO_FLOOD = dict.fromkeys(
    ("equal_letters_a_day", "network_letters_an_hour", "anonymous_letters_an_hour"), 1_000_000
)
"""Tests write one text again and again; those of the guard itself set its limits."""


PUSHER, PUSH_KEY = "oa-system", "a secret of one system and of nobody else"
"""The account of a system that signs what it pushes, and its key."""


def _of_projects(tokens: Tokens) -> dict[str, Any]:
    return {"evidence_dir": tokens.jwks.parent / "evidence", "push_keys": {PUSHER: PUSH_KEY}}


def settings_for(
    service: str, database_url: str, nats: NatsServer, tokens: Tokens, **others: Any
) -> Any:
    """The settings object of one service, for these servers; what it keeps lies with the keys."""
    kind = getattr(import_module(f"services.{service}.settings"), f"{service.title()}Settings")
    return kind(
        **{
            "env": "test",
            "database_url": database_url,
            "nats_url": nats.url(service),
            "jwks_url": f"file://{tokens.jwks}",
            "column_keys": COLUMN_KEYS,
            "index_key": INDEX_KEY,
            **(_of_projects(tokens) if service == "projects" else {}),
            **(NO_FLOOD if service == "feedback" else {}),
            **others,
        }
    )


@asynccontextmanager
async def serve(app: Any, *, until_ready: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The app with its lifespan running, and a client that talks to it in this process."""
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            scope["state"] = dict(state or {})
            await app(scope, receive, send)

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            async with asyncio.timeout(60):
                while until_ready and (ready := await client.get("/readyz")).status_code != 200:
                    database = ready.json().get("database")
                    if database not in ("ok", "down: TimeoutError"):  # a busy machine is slow
                        raise AssertionError(ready.text)
                    await asyncio.sleep(0.02)
            yield client


async def provision_streams(nats: NatsServer) -> None:
    """Streams and consumers for what every service subscribes to."""
    await streams.apply(nats.admin_url)


async def eventually(
    look: Callable[[], Awaitable[T | None]], seconds: float = 5.0, message: str = ""
) -> T:
    """The first true result of `look`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := await look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(message or f"nothing after {seconds} s")
        await asyncio.sleep(0.02)


async def connect(url: str) -> asyncpg.Connection:
    """A raw connection, to look at rows with."""
    return await asyncpg.connect(url)


Connect = Callable[[str], Awaitable[asyncpg.Connection]]
