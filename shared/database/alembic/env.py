"""Alembic's environment, the same for every service; `migrate` passes metadata and URL.

Each migration is a transaction of its own, so that what one locks is free before the next begins.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, make_url, pool
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database.alembic import states

PLUGINS = ("alembic.autogenerate.*", "alembic.ext.checkconstraint_byname", states.NAME)


def _upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        compare_type=True,
        transaction_per_migration=True,
        autogenerate_plugins=PLUGINS,
    )
    with context.begin_transaction():
        context.run_migrations()


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
