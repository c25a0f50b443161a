"""Who waits for a lock that a test holds."""

import asyncio
from typing import Any

import asyncpg


async def _waiting(other: asyncpg.Connection) -> int:
    """How many wait for a lock that the other one holds, or behind who does."""
    return int(
        await other.fetchval(
            "WITH RECURSIVE behind (pid) AS (SELECT pg_backend_pid() UNION"
            " SELECT l.pid FROM pg_locks l JOIN behind b ON b.pid = ANY(pg_blocking_pids(l.pid))"
            " WHERE NOT l.granted) SELECT count(*) - 1 FROM behind"
        )
    )


async def until_it_waits(
    other: asyncpg.Connection, work: "asyncio.Task[Any]", many: int = 1
) -> None:
    """Until the transaction of the work, and as many others, wait for what the other one holds."""
    while await _waiting(other) < many:
        assert not work.done(), work.result()
        await asyncio.sleep(0.01)
