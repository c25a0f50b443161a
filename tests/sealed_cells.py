"""Every cell that looks sealed is of a column that `make seal-anew` knows, and opens as it says."""

from collections.abc import AsyncIterator
from importlib import import_module

import asyncpg

from shared.database.sealed_columns import SealedColumn, sealed_columns
from shared.security.crypto import CannotOpen, Keyring
from tests import support
from tests.support import COLUMN_KEYS, INDEX_KEY

MOST = 20
OURS = Keyring(COLUMN_KEYS, INDEX_KEY)


def columns_of(service: str) -> list[SealedColumn]:
    """The sealed columns of the service's models."""
    import_module(f"services.{service}.app")
    return list(sealed_columns(import_module(f"services.{service}.tables").Table.metadata))


async def faults(
    service: str, rows: asyncpg.Connection, keyring: Keyring = OURS
) -> AsyncIterator[str]:
    """Columns with envelopes that are unknown, and cells that do not open by what is known."""
    known = {(column.table, column.name): column for column in columns_of(service)}
    for table, name in await support.texts_like(rows, "starts_with({}, $1)", keyring.prefix):
        column = known.get((table, name))
        if column is None:
            yield f"{service}: {table}.{name} holds envelopes, and is no sealed column"
            continue
        sealed = f'SELECT * FROM {support.sample(table)} WHERE starts_with("{name}", $1)'
        cells = await rows.fetch(f"{sealed} LIMIT {MOST}", keyring.prefix)
        for cell in cells:
            try:
                keyring.open(cell[name], where=column.where, row=column.row_of(dict(cell)))
            except CannotOpen:
                yield f"{service}: {table}.{name} is not sealed to {column.where}"
