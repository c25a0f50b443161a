"""PostgreSQL for the services: one database and two roles each, made again without harm.

The owner runs migrations. The service's own role reads and writes rows, changes no structure, and
may only add to the audit log and its seals.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from shared.database import addresses

APPEND_ONLY = ("audit_log", "audit_seal")
READ_ONLY = ("alembic_version", addresses.LINEAGE)
SERVICE_LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "synchronous_commit": "on",
    "timezone": "UTC",
}
OWNER_LIMITS = {"lock_timeout": "5s", "synchronous_commit": "on", "timezone": "UTC"}
CONNECT_SECONDS = 10
SCRAM_ITERATIONS = 4096


@dataclass(frozen=True)
class Passwords:
    """Of the two roles of one service."""

    owner: str = field(repr=False)
    service: str = field(repr=False)


@dataclass(frozen=True)
class Urls:
    """Where one service finds its database: as its owner, and as itself."""

    owner: str = field(repr=False)
    service: str = field(repr=False)


async def provision(
    admin_url: str, service: str, passwords: Passwords, *, database: str | None = None
) -> Urls:
    """The URLs of `service`'s database, which stands afterwards with its roles and their limits.

    `admin_url` needs CREATEROLE and CREATEDB, not more. `database` is `onedoor_<service>` unless
    given; the roles are the same for every database of a service.
    """
    role, owner = addresses.database(service), addresses.owner(service)
    database = database or role
    async with _connected(admin_url) as admin:
        await _role(admin, owner, passwords.owner, OWNER_LIMITS)
        await _role(admin, role, passwords.service, SERVICE_LIMITS)
        await _database(admin, database, owner, role)
    urls = Urls(
        owner=addresses.url(admin_url, owner, passwords.owner, database),
        service=addresses.url(admin_url, role, passwords.service, database),
    )
    await protect(urls.owner, service)
    return urls


async def protect(owner_url: str, service: str) -> None:
    """Gives the service's role its rights on all tables; to be run after migrations.

    Rows of every table, but of `APPEND_ONLY` only reading and adding, of `READ_ONLY` only reading.
    """
    role = addresses.database(service)
    rows = "SELECT, INSERT, UPDATE, DELETE ON"
    async with _connected(owner_url) as owner, owner.transaction():
        await owner.execute(
            f"GRANT USAGE ON SCHEMA public TO {role};"
            f"GRANT {rows} ALL TABLES IN SCHEMA public TO {role};"
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};"
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} TABLES TO {role};"
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role};"
        )
        for table, rights in [(t, "UPDATE, DELETE") for t in APPEND_ONLY] + [
            (t, "INSERT, UPDATE, DELETE") for t in READ_ONLY
        ]:
            if await owner.fetchval("SELECT to_regclass($1)", f"public.{table}"):
                await owner.execute(f"REVOKE {rights} ON {table} FROM {role}")


async def version_of(owner_url: str) -> set[str]:
    """The migrations that the database stands at; none in an empty one."""
    async with _connected(owner_url) as owner:
        if not await owner.fetchval("SELECT to_regclass('public.alembic_version')"):
            return set()
        return {row[0] for row in await owner.fetch("SELECT version_num FROM alembic_version")}


async def connections(admin_url: str) -> int:
    """How many others than superusers may have at a time."""
    async with _connected(admin_url) as admin:
        return int(
            await admin.fetchval(
                "SELECT current_setting('max_connections')::int"
                " - current_setting('superuser_reserved_connections')::int"
                " - coalesce(current_setting('reserved_connections', true), '0')::int"
            )
        )


async def demo_accounts(owner_url: str) -> str:
    """Changes with what a sign-in asks of the gateway's demo accounts."""
    async with _connected(owner_url) as owner:
        return str(
            await owner.fetchval(
                "SELECT md5(coalesce(string_agg(concat_ws(' ', name, password_hash, state, roles,"
                " places), ';' ORDER BY name), '')) FROM account WHERE is_demo"
            )
        )


async def _role(
    admin: asyncpg.Connection, name: str, password: str, limits: dict[str, str]
) -> None:
    if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await admin.execute(f"CREATE ROLE {name} LOGIN")
    await admin.execute(f"ALTER ROLE {name} PASSWORD '{_scram(password)}'")
    for setting, value in limits.items():
        await admin.execute(f"ALTER ROLE {name} SET {setting} = '{value}'")


async def _database(admin: asyncpg.Connection, name: str, owner: str, role: str) -> None:
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        # An administrator without SUPERUSER must be a member of the role it gives a database to.
        await admin.execute(f"GRANT {owner} TO CURRENT_USER")
        await admin.execute(
            f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'"
        )
    await let_in(admin, name, role)


async def let_in(admin: asyncpg.Connection, database: str, role: str) -> None:
    """Lets the service's role connect to the database, besides its owner, and nobody else."""
    await admin.execute(
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;"
        f"GRANT CONNECT ON DATABASE {database} TO {role}"
    )


def _scram(password: str) -> str:
    """The SCRAM-SHA-256 verifier of `password` (RFC 5803): no password stands in a statement."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        url.replace("postgresql+asyncpg:", "postgresql:"), timeout=CONNECT_SECONDS
    )
    try:
        yield connection
    finally:
        await connection.close()
