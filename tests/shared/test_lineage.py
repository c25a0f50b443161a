"""An instance is ready at its own migration and at those after it, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from deploy import postgres as roles
from shared.database import lineage
from shared.database.migrate import config
from shared.database.migrate import main as migrate
from tests import support
from tests.shared.conftest import running
from tests.support import Databases

LATER = """
from alembic import op

revision = "{name}"
down_revision = "{after}"


def upgrade() -> None:
    op.execute("ALTER TABLE letter ADD COLUMN {name} text")


def downgrade() -> None:
    op.execute("ALTER TABLE letter DROP COLUMN {name}")
"""
HEAD = str(ScriptDirectory.from_config(config("feedback")).get_current_head())


@pytest.fixture
def own(databases: Databases) -> roles.Urls:
    return databases.new("feedback", f"lineage_{uuid4().hex[:8]}")


@pytest.fixture
def folder() -> Iterator[Path]:
    with support.private_folder() as made:
        yield made


@pytest.fixture
async def rows(own: roles.Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await support.connect(own.owner)
    yield connection
    await connection.close()


def _release_after(url: str, folder: Path) -> Config:
    """The migrations of today and two more, as a release after this one has them."""
    cfg = config("feedback", url)
    own = cfg.get_main_option("version_locations")
    cfg.set_main_option("version_locations", f"{own}:{folder}")
    for name, after in (("later", HEAD), ("latest", "later")):
        (folder / f"{name}.py").write_text(LATER.format(name=name, after=after))
    return cfg


async def _readiness(settings: Any, url: str) -> tuple[int, str]:
    """As the service's own role sees it."""
    settings = settings.model_copy(update={"database_url": url})
    async with running(settings, until_ready=False) as client:

        async def decided() -> Any:
            answer = await client.get("/readyz")
            body = answer.json()
            waits = body["database"] == "ok" and answer.status_code != 200
            return None if waits else (answer.status_code, body["database"])

        found: tuple[int, str] = await support.eventually(decided, 20)
        return found


async def test_an_instance_is_ready_on_the_database_of_a_later_release(
    notes_settings: Any, own: roles.Urls, folder: Path, rows: asyncpg.Connection
) -> None:
    await asyncio.to_thread(command.upgrade, _release_after(own.owner, folder), "latest")
    assert await rows.fetchval("SELECT version_num FROM alembic_version") == "latest"
    assert await _readiness(notes_settings, own.service) == (200, "ok")


async def test_the_step_before_the_start_leaves_the_tables_of_a_later_release_alone(
    own: roles.Urls, folder: Path, rows: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(command.upgrade, _release_after(own.owner, folder), "latest")
    await asyncio.to_thread(migrate, "feedback", "upgrade", url=own.owner)
    assert "a later release has migrated the database" in capsys.readouterr().out
    assert await rows.fetchval("SELECT version_num FROM alembic_version") == "latest"
    line = [row[0] for row in await rows.fetch("SELECT revision FROM alembic_lineage ORDER BY 1")]
    assert {"first", HEAD, "later", "latest"} <= {*line}


async def test_an_instance_is_not_ready_on_the_database_of_an_earlier_release(
    notes_settings: Any, own: roles.Urls
) -> None:
    cfg = config("feedback", own.owner)
    await asyncio.to_thread(command.downgrade, cfg, "-1")
    status, database = await _readiness(notes_settings, own.service)
    assert status == 503
    assert database.startswith("behind: at migration ")


async def test_a_later_release_that_went_back_to_where_this_one_is_leaves_it_ready(
    notes_settings: Any, own: roles.Urls, folder: Path, rows: asyncpg.Connection
) -> None:
    cfg = _release_after(own.owner, folder)
    await asyncio.to_thread(command.upgrade, cfg, "latest")
    await asyncio.to_thread(command.downgrade, cfg, HEAD)
    assert await rows.fetchval("SELECT max(position) FROM alembic_lineage") == await rows.fetchval(
        "SELECT position FROM alembic_lineage WHERE revision = $1", HEAD
    )
    assert await _readiness(notes_settings, own.service) == (200, "ok")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = 'somebody_elses'",
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = 'other'; DROP TABLE alembic_lineage",
        f"UPDATE alembic_version SET version_num = 'other'; DELETE FROM alembic_lineage"
        f" WHERE revision = '{HEAD}'; INSERT INTO alembic_lineage VALUES (1000, 'other')",
    ],
)
async def test_an_instance_is_not_ready_on_a_database_of_another_line(
    notes_settings: Any, own: roles.Urls, rows: asyncpg.Connection, change: str
) -> None:
    await rows.execute(change)
    status, database = await _readiness(notes_settings, own.service)
    assert status == 503
    assert database.startswith(("of another line: at migration ", "behind: at migration none"))


async def test_a_database_from_before_its_line_was_kept_gets_it_with_the_next_upgrade(
    notes_settings: Any, own: roles.Urls, rows: asyncpg.Connection
) -> None:
    await rows.execute("DROP TABLE alembic_lineage")
    assert await _readiness(notes_settings, own.service) == (200, "ok")
    await asyncio.to_thread(migrate, "feedback", "upgrade", url=own.owner)
    kept = [row[0] for row in await rows.fetch(f"SELECT revision FROM {lineage.TABLE} ORDER BY 1")]
    assert sorted(kept) == sorted(
        lineage.revisions(ScriptDirectory.from_config(config("feedback")))
    )


async def test_a_service_cannot_say_what_its_database_descends_from(own: roles.Urls) -> None:
    connection = await support.connect(own.service)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO alembic_lineage VALUES (1000, 'forged')")
    finally:
        await connection.close()
