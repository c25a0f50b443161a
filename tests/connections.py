"""Connections to look at rows with, kept from test to test.

A new one is a process of the server, which knows no table yet and no statement: thousands of tests
opened one or two each, and each of their first statements took as long as many later ones.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import asyncpg

from deploy import postgres as roles
from tests.support import Connect

MOST = 64
"""Open to one database at a time."""


class Kept:
    """Lent to one test at a time; what it has set, locked or left open is undone when it ends."""

    def __init__(self) -> None:
        self._pools: dict[str, Any] = {}

    @asynccontextmanager
    async def lent(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        if url not in self._pools:
            self._pools[url] = asyncpg.create_pool(url, min_size=0, max_size=MOST)
        async with (await self._pools[url]).acquire() as connection:
            yield cast("asyncpg.Connection", connection)

    def end(self) -> None:
        for pool in self._pools.values():
            pool.terminate()


@asynccontextmanager
async def connections(kept: Kept, urls: Callable[[str], roles.Urls]) -> AsyncIterator[Connect]:
    """A function that lends a connection, as its owner, to the database that `urls` names."""
    async with AsyncExitStack() as stack:

        async def connection(service: str) -> asyncpg.Connection:
            return await stack.enter_async_context(kept.lent(urls(service).owner))

        yield connection
