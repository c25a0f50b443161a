"""What is written at any rate is forgotten at that rate: a backlog goes at once, and is seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import clock
from shared.database.engine import new_sessions
from shared.database.pruning import BATCH, Pruned
from shared.jobs import Job, while_full
from tests.support import Databases

KEPT = timedelta(days=70)
NOTED = text(
    "INSERT INTO inbox (subscription, event_id, handled_at)"
    " SELECT 'pruned', gen_random_uuid(), CAST(:at AS timestamptz) + n * interval '1 millisecond'"
    " FROM generate_series(1, :n) n"
)
LEFT = text("SELECT count(*) FROM inbox WHERE subscription = 'pruned'")
PLAN = text("EXPLAIN SELECT ctid FROM inbox WHERE handled_at < now() ORDER BY handled_at LIMIT 9")

inbox = Pruned("inbox", "handled_at", KEPT)


@pytest.fixture
async def engine(databases: Databases) -> AsyncIterator[AsyncEngine]:
    url = make_url(databases["projects"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


async def _note(engine: AsyncEngine, age: timedelta, rows: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(NOTED, {"at": clock.now() - age, "n": rows})


async def _left(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(LEFT)).scalar_one())


async def test_a_backlog_of_many_batches_goes_in_one_run(engine: AsyncEngine) -> None:
    await _note(engine, KEPT + timedelta(days=2), 2 * BATCH + 7)
    await _note(engine, KEPT - timedelta(days=1), 3)
    async with engine.connect() as connection:
        late = await inbox.lag(connection, clock.now())
    assert late == pytest.approx(timedelta(days=2).total_seconds(), abs=60)

    changed = await while_full(new_sessions(engine), inbox.job(), asyncio.Semaphore(1))

    assert changed == 2 * BATCH + 7
    assert await _left(engine) == 3
    async with engine.connect() as connection:
        assert await inbox.lag(connection, clock.now()) == 0


async def test_few_go_at_once_where_more_goes_with_each(engine: AsyncEngine) -> None:
    await _note(engine, KEPT + timedelta(days=2), 7)
    few = Pruned("inbox", "handled_at", KEPT, batch=3)
    async with new_sessions(engine)() as session, session.begin():
        assert await few.prune(session, clock.now()) == 3
    changed = await while_full(new_sessions(engine), few.job(), asyncio.Semaphore(1))
    assert changed == 4


async def test_the_order_is_read_from_an_index(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join((await connection.execute(PLAN)).scalars())
    assert "ix_inbox_handled_at" in plan
    assert "Sort" not in plan


async def test_a_run_ends_although_every_batch_is_full(engine: AsyncEngine) -> None:
    runs: list[int] = []

    async def endless(_: AsyncSession, __: datetime) -> int:
        runs.append(1)
        return 5

    job = Job("endless", timedelta(minutes=1), endless, batch=5)
    turn = asyncio.Semaphore(1)
    moments = iter((100.0, 101.0, 102.0, 103.0))  # one at the beginning, one after each batch
    changed = await while_full(
        new_sessions(engine), job, turn, seconds=2, steady=lambda: next(moments)
    )
    assert (changed, len(runs)) == (15, 3)
    assert not turn.locked()


async def test_what_has_no_batches_runs_once(engine: AsyncEngine) -> None:
    async def some(_: AsyncSession, __: datetime) -> int:
        return 9

    job = Job("some", timedelta(minutes=1), some)
    assert await while_full(new_sessions(engine), job, asyncio.Semaphore(1)) == 9
