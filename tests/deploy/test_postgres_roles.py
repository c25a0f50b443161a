from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from deploy import postgres as roles
from deploy.local import postgres as local_postgres
from deploy.local.postgres import PostgresServer

PASSWORDS = roles.Passwords(owner="o'wner/@:%", service="s3r vice?#")
MIGRATION = """
CREATE TABLE IF NOT EXISTS letter (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
CREATE TABLE IF NOT EXISTS audit_log (id bigint GENERATED ALWAYS AS IDENTITY, actor text);
CREATE TABLE IF NOT EXISTS audit_seal (position bigint, hash text);
CREATE TABLE IF NOT EXISTS alembic_version (version_num text);
"""


@pytest.fixture
async def urls(pg: PostgresServer) -> roles.Urls:
    """A database with tables of a service that nobody else's test uses."""
    service = f"t{uuid4().hex[:12]}"
    made = await roles.provision(pg.admin_url, service, PASSWORDS)
    async with connected(made.owner) as owner:
        await owner.execute(MIGRATION)
    await roles.protect(made.owner, service)
    return made


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_provisioning_twice_changes_nothing(pg: PostgresServer) -> None:
    service = f"t{uuid4().hex[:12]}"
    first = await roles.provision(pg.admin_url, service, PASSWORDS)
    assert await roles.provision(pg.admin_url, service, PASSWORDS) == first
    async with connected(first.service) as connection:
        assert await connection.fetchval("SELECT current_user") == f"onedoor_{service}"


async def test_a_new_password_replaces_the_old_one(pg: PostgresServer) -> None:
    service = f"t{uuid4().hex[:12]}"
    old = await roles.provision(pg.admin_url, service, PASSWORDS)
    new = await roles.provision(pg.admin_url, service, roles.Passwords("other", "another"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(old.service)
    async with connected(new.service):
        pass


async def test_a_service_reads_and_writes_rows(urls: roles.Urls) -> None:
    async with connected(urls.service) as connection:
        number = await connection.fetchval("INSERT INTO letter (body) VALUES ('x') RETURNING id")
        await connection.execute("UPDATE letter SET body = 'y' WHERE id = $1", number)
        await connection.execute("DELETE FROM letter WHERE id = $1", number)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE letter ADD COLUMN extra int",
        "DROP TABLE letter",
        "TRUNCATE letter",
        "CREATE INDEX ON letter (body)",
        "CREATE TEMPORARY TABLE mine (id int)",
    ],
)
async def test_a_service_changes_no_structure(urls: roles.Urls, statement: str) -> None:
    async with connected(urls.service) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize("table", roles.APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET ctid = ctid", "TRUNCATE {}"]
)
async def test_what_was_logged_stays_as_it_was(
    urls: roles.Urls, table: str, statement: str
) -> None:
    async with connected(urls.service) as connection:
        await connection.execute(f"INSERT INTO {table} DEFAULT VALUES")
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") >= 1
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
            await connection.execute(statement.format(table))


async def test_a_service_sees_but_does_not_set_the_version_of_its_tables(urls: roles.Urls) -> None:
    async with connected(urls.service) as connection:
        await connection.fetch("SELECT version_num FROM alembic_version")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO alembic_version VALUES ('forged')")


async def test_a_table_of_a_later_migration_is_open_to_the_service(urls: roles.Urls) -> None:
    async with connected(urls.owner) as owner:
        await owner.execute("CREATE TABLE later (id int)")
    async with connected(urls.service) as connection:
        await connection.execute("INSERT INTO later VALUES (1)")


async def test_a_service_cannot_enter_the_database_of_another(
    pg: PostgresServer, urls: roles.Urls
) -> None:
    other = await roles.provision(pg.admin_url, f"t{uuid4().hex[:12]}", PASSWORDS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls.service, database=other.service.rpartition("/")[2])


@pytest.mark.parametrize(("setting", "value"), roles.SERVICE_LIMITS.items())
async def test_a_service_works_under_limits(urls: roles.Urls, setting: str, value: str) -> None:
    async with connected(urls.service) as connection:
        assert await connection.fetchval(f"SHOW {setting}") == value


async def test_a_commit_is_on_disk(urls: roles.Urls) -> None:
    """The tests' own servers do not wait for the disk, whatever their clients ask for."""
    assert {local_postgres.SETTINGS[name] for name in ("fsync", "full_page_writes")} == {"on"}
    async with connected(urls.service) as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_the_server_knows_passwords_only_as_scram_verifiers(pg: PostgresServer) -> None:
    await roles.provision(pg.admin_url, f"t{uuid4().hex[:12]}", PASSWORDS)
    async with connected(pg.admin_url) as admin:
        stored = await admin.fetch("SELECT rolpassword FROM pg_authid WHERE rolcanlogin")
    assert all(row["rolpassword"].startswith("SCRAM-SHA-256$") for row in stored)


async def test_an_administrator_need_not_be_a_superuser(pg: PostgresServer) -> None:
    name = f"dba_{uuid4().hex[:8]}"
    async with connected(pg.admin_url) as admin:
        await admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'x'")
    url = pg.admin_url.replace(pg.admin_url.split("//")[1].split("@")[0], f"{name}:x")
    urls = await roles.provision(url, f"t{uuid4().hex[:12]}", PASSWORDS)
    async with connected(urls.service) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_a_service_cannot_pass_its_rights_on(urls: roles.Urls) -> None:
    warnings: list[str] = []
    async with connected(urls.service) as connection:
        connection.add_log_listener(lambda _, message: warnings.append(message.message))
        await connection.execute("GRANT ALL ON letter TO PUBLIC")
    assert warnings == ['no privileges were granted for "letter"']
