"""Alembic's environment, the same for every service; `migrate` passes metadata and URL.

Each migration is a transaction of its own, so that what one locks is free before the next begins.
"""

import asyncio
import sys
from collections.abc import Collection
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, make_url, pool
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database import lineage
from shared.database.alembic import states

PLUGINS = ("alembic.autogenerate.*", "alembic.ext.checkconstraint_byname", states.NAME)


def _upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        compare_type=True,
        transaction_per_migration=True,
        autogenerate_plugins=PLUGINS,
        include_name=_is_ours,
        on_version_apply=_record,
    )
    if _is_done(connection):
        return
    with context.begin_transaction():
        context.run_migrations()


def _is_ours(name: str | None, kind: str, _: Any) -> bool:
    """Alembic's own tables, and what is kept beside them, belong to no model."""
    return (kind, name) != ("table", lineage.TABLE)


def _record(ctx: MigrationContext, step: Any, heads: Collection[Any], run_args: Any) -> None:
    """In the transaction of the migration, so that neither stands without the other."""
    if ctx.connection is not None:
        lineage.record(ctx.connection, context.script, heads)


def _is_done(connection: Connection) -> bool:
    """Whether a later release brought the database further: then an upgrade leaves it alone."""
    with connection.begin():
        heads = context.get_context().get_current_heads()
        head = context.script.get_current_head()
        is_later = context.config.attributes.get("upgrades", False) and lineage.descends(
            connection, head, heads
        )
        if heads:  # noted also for a database that was migrated before this was kept
            lineage.record(connection, context.script, heads)
    if is_later:
        service = context.config.attributes["service"]
        sys.stdout.write(
            f"{service}: 数据库已由更新的版本迁移，未作改动"
            " | a later release has migrated the database; nothing was changed\n"
        )
    return is_later


async def _migrate() -> None:
    url = make_url(context.config.attributes["url"]).set(drivername="postgresql+asyncpg")
    # Whoever holds a table for long makes the migration fail, rather than all wait behind it.
    patience = {"server_settings": {"lock_timeout": "5s"}}
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args=patience)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


asyncio.run(_migrate())
