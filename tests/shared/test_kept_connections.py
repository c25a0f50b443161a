"""Connections that stay taken between two statements."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.local.postgres import PostgresServer
from shared.database import kept_connections
from shared.database.kept_connections import KeptConnections
from tests import support

SHORT = 0.05


@pytest.fixture
async def kept(pg: PostgresServer) -> AsyncIterator[KeptConnections]:
    """Two connections; who finds none waits shortly."""
    pool = await asyncpg.create_pool(pg.admin_url, min_size=0, max_size=2)
    made = KeptConnections(pool, 2, 5 * SHORT)
    yield made
    await made.close(1)


async def served_by(kept: KeptConnections) -> int:
    """The server process of a connection that is taken and given back."""
    connection = await kept.take()
    pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    await kept.give_back(connection, is_well=True)
    return pid


async def test_the_same_connection_serves_one_after_the_other(kept: KeptConnections) -> None:
    assert await served_by(kept) == await served_by(kept)


async def test_who_waits_longest_gets_the_next(kept: KeptConnections) -> None:
    one, _ = await kept.take(), await kept.take()
    waiting = [asyncio.create_task(kept.take()) for _ in range(2)]
    await asyncio.sleep(0)
    await kept.give_back(one, is_well=True)
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, False]
    assert waiting[0].result() is one
    await kept.give_back(one, is_well=True)
    assert await waiting[1] is one


async def test_nobody_waits_longer_than_said(kept: KeptConnections) -> None:
    one, _ = await kept.take(), await kept.take()
    with pytest.raises(TimeoutError):
        await kept.take()
    await kept.give_back(one, is_well=True)
    assert await kept.take() is one


async def test_who_is_cancelled_takes_none_along(kept: KeptConnections) -> None:
    one, _ = await kept.take(), await kept.take()
    leaving = [asyncio.create_task(kept.take()) for _ in range(2)]
    await asyncio.sleep(0)
    leaving[0].cancel()  # while it waits
    await asyncio.sleep(0)
    await kept.give_back(one, is_well=True)
    leaving[1].cancel()  # it has one, and does not know yet
    with pytest.raises(asyncio.CancelledError):
        await leaving[1]
    assert await kept.take() is one


async def test_what_was_cancelled_at_work_is_waited_for(kept: KeptConnections) -> None:
    connection = await kept.take()
    with pytest.raises(TimeoutError):
        await connection.fetch("SELECT pg_sleep(5)", timeout=SHORT)
    await kept.give_back(connection, is_well=False)
    assert await served_by(kept) > 0


async def test_a_lost_connection_is_replaced(kept: KeptConnections, pg: PostgresServer) -> None:
    lost = await served_by(kept)
    admin = await asyncpg.connect(pg.admin_url)
    await admin.execute("SELECT pg_terminate_backend($1)", lost)

    async def has_ended() -> bool:
        left = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"
        return bool(await admin.fetchval(left, lost))

    await support.eventually(has_ended)
    await admin.close()
    await asyncio.sleep(SHORT)
    assert await served_by(kept) != lost


async def test_what_was_idle_for_long_is_opened_anew(
    kept: KeptConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await served_by(kept)
    monkeypatch.setattr(kept_connections, "IDLE_SECONDS", 0)
    assert await served_by(kept) != old


async def test_whoever_waits_tries_anew_where_a_connection_is_let_go(
    kept: KeptConnections,
) -> None:
    one, _ = await kept.take(), await kept.take()
    waiting = asyncio.create_task(kept.take())
    await asyncio.sleep(0)
    await kept.give_back(one, is_well=False)
    assert await (await waiting).fetchval("SELECT 1") == 1


async def test_those_at_work_may_finish_at_the_end(kept: KeptConnections) -> None:
    await served_by(kept)
    connection = await kept.take()
    closing = asyncio.create_task(kept.close(2))
    await asyncio.sleep(0)
    assert await connection.fetchval("SELECT 1") == 1
    await kept.give_back(connection, is_well=True)
    await asyncio.wait_for(closing, 1)
