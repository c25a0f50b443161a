"""What was logged stays as it was after a restore too, whatever the service's role was granted."""

import subprocess
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from deploy import postgres as roles
from deploy.local import postgres
from deploy.local.postgres import PostgresServer
from deploy.services import SERVICES
from shared.database.engine import new_sessions
from shared.security import audit_log, verify_audit_log
from tests import support
from tests.support import Databases

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
CHANGES = (
    "UPDATE {} SET {} = {}",
    "DELETE FROM {}",
    "DELETE FROM {} WHERE false",
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON {}",
)
COLUMNS = {"audit_log": "actor", "audit_seal": "hash"}
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)


@pytest.fixture(scope="module", params=SERVICES)
async def restored(
    request: pytest.FixtureRequest, databases: Databases, pg: PostgresServer
) -> roles.Urls:
    """A dump of a service's database, put back into a new one by its owner."""
    service, mark = request.param, uuid4().hex[:8]
    before = databases.new(service, f"{service}_{mark}")
    await _log(before.service)
    passwords = roles.Passwords(owner=f"owner-{service}", service=f"test-{service}")
    name = f"{service}_{mark}_restored"
    after = await roles.provision(pg.admin_url, service, passwords, database=name)
    dump = _run("pg_dump", "--no-owner", "--no-privileges", before.owner)
    _run("psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", after.owner, given=dump)
    return after


async def _log(url: str) -> None:
    """Log an act and chain it, as the service does."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with new_sessions(engine)() as session, session.begin():
        await audit_log.write(session, "clerk1", "letter.read", "letter:1", NOW)
        assert await audit_log.seal(session, NOW) == 1
    await engine.dispose()


def _run(program: str, *words: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        [postgres.program(program), *words], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


async def test_a_service_cannot_change_what_was_logged_although_a_restore_lets_it(
    restored: roles.Urls,
) -> None:
    rows = await support.connect(restored.service)
    try:
        for table, column in COLUMNS.items():
            for right in ("UPDATE", "DELETE"):
                has = "SELECT has_table_privilege($1, $2)"
                assert await rows.fetchval(has, table, right), (
                    "a restore gives it: see the defaults"
                )
            await _refused(rows, table, column)
    finally:
        await rows.close()
    await _log(restored.service)  # it is added to as before
    assert await verify_audit_log.check(restored.owner) == (2, None)


async def test_a_careless_grant_lets_nobody_change_what_was_logged(restored: roles.Urls) -> None:
    owner, rows = await support.connect(restored.owner), await support.connect(restored.service)
    role = await rows.fetchval("SELECT current_user")
    try:
        for table, column in COLUMNS.items():
            await owner.execute(f"GRANT ALL ON {table} TO {role}")
            await _refused(rows, table, column)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await rows.execute("SET session_replication_role = replica")
    finally:
        await owner.close()
        await rows.close()


async def _refused(rows: asyncpg.Connection, table: str, column: str) -> None:
    for change in CHANGES:
        with pytest.raises(REFUSED):
            await rows.execute(change.format(table, column, column))
