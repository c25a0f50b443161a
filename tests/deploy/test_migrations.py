"""A migration that reads many rows keeps nobody from writing, and can be run again."""

import asyncio
from importlib import import_module

import asyncpg
import pytest
from alembic import command

from shared.database.migrate import config
from shared.database.migrate import main as migrate
from tests import support
from tests.support import Databases, eventually

REVISIONS = {
    "appointments": ("one_walk_in", "states_known"),
    "projects": ("kept_tallies", "states_are_known"),
    "feedback": ("calendar_editions", "states_known"),
}
"""Before the database knew the states, and before it had read the rows that were there."""
UNCHECKED = """
    SELECT conrelid::regclass::text FROM pg_constraint
    WHERE conname LIKE 'ck\\_%\\_known' AND NOT convalidated ORDER BY 1
"""
KNOWN = "SELECT conname FROM pg_constraint WHERE conname LIKE 'ck\\_%\\_known' ORDER BY 1"
WAITING = """
    SELECT pid FROM pg_locks
    WHERE relation = $1::regclass AND mode = 'ShareUpdateExclusiveLock' AND NOT granted
"""


def _before_the_check(service: str, url: str) -> None:
    cfg = config(service, url)
    cfg.attributes["metadata"] = import_module(f"services.{service}.tables").Table.metadata
    unknown, unchecked = REVISIONS[service]
    command.downgrade(cfg, unknown)
    command.upgrade(cfg, unchecked)


@pytest.mark.parametrize("service", REVISIONS)
async def test_everybody_writes_on_while_the_states_of_old_rows_are_checked(
    databases: Databases, service: str
) -> None:
    url = databases.new(service, f"{service}_states").owner
    checker, writer = await support.connect(url), await support.connect(url)
    known = await writer.fetch(KNOWN)
    await asyncio.to_thread(_before_the_check, service, url)
    assert await writer.fetch(KNOWN) == known
    async with checker.transaction():
        # Keeps the check of the rows waiting, and no writer.
        table = _last_table(service)
        await checker.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        upgrade = asyncio.create_task(asyncio.to_thread(migrate, service, "upgrade", url=url))
        pid = await eventually(lambda: writer.fetchval(WAITING, table))
        await _write_to_all(writer)
        await writer.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(Exception, match="connection|terminat"):
            await upgrade
    assert await writer.fetch(UNCHECKED), "it ended half-way"
    await asyncio.to_thread(migrate, service, "upgrade", url=url)
    assert not await writer.fetch(UNCHECKED)
    await checker.close()
    await writer.close()


def _last_table(service: str) -> str:
    """The table whose rows are checked last, when all others have been."""
    module = import_module(f"services.{service}.migrations.20261129_states_are_checked")
    if service == "appointments":
        return str(module.TABLES[-1])
    return str(module.COLUMNS[-1][0])


async def _write_to_all(writer: asyncpg.Connection) -> None:
    """Takes the lock of a writer on every table with a state; raises where it has to wait."""
    for (table,) in await writer.fetch(UNCHECKED):
        async with writer.transaction():
            await writer.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE NOWAIT")
