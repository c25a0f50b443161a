"""Every cell that holds a keyed digest is of a column that says so.

A digest cannot be told from any other hash by its looks, so the keyed ones that were computed while
the tests ran are remembered, and looked for in every text of every table.
"""

from collections.abc import AsyncIterator
from importlib import import_module

import asyncpg

from shared.database.digest_columns import declared
from shared.security.index_chain import IndexChain
from tests import support

MOST = 200
LOOKS = r"(^|[^0-9a-z])([0-9a-f]{64}|[a-z0-9]{1,8}\.[A-Za-z0-9_-]{43})$"
LAST = "right({}, 65) ~ $1"
"""What the longest of them takes, and the character before it: a letter is not searched whole."""
_computed: set[str] = set()
_forms = IndexChain.forms


def _remembering(self: IndexChain, text: str) -> list[str]:
    found = _forms(self, text)
    _computed.update(found)
    return found


def remember() -> None:
    """From now on, for this process."""
    IndexChain.forms = _remembering  # type: ignore[method-assign]


async def faults(service: str, rows: asyncpg.Connection) -> AsyncIterator[str]:
    """Columns of the service that hold digests and declare none."""
    import_module(f"services.{service}.app")
    known = set(declared(import_module(f"services.{service}.tables").Table.metadata))
    for table, name in sorted(set(await support.texts_like(rows, LAST, LOOKS)) - known):
        if await _holds_digests(rows, table, name):
            yield f"{service}: {table}.{name} holds digests of the index key, and does not say so"


async def _holds_digests(rows: asyncpg.Connection, table: str, name: str) -> bool:
    sql = f'SELECT "{name}" FROM {support.sample(table)} WHERE "{name}" ~ $1 LIMIT {MOST}'
    cells = [row[0] for row in await rows.fetch(sql, LOOKS)]
    return any(cell.rpartition(":")[2] in _computed for cell in cells)
