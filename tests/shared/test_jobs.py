"""Recurring work goes on, whatever one run of it did."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Sessions, new_sessions
from shared.jobs import Job, each_alone, end, keep_running, once
from shared.observability.metrics import Metrics
from tests.support import Databases, eventually


@pytest.fixture
async def sessions(databases: Databases) -> AsyncIterator[Sessions]:
    url = make_url(databases["feedback"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    yield new_sessions(engine)
    await engine.dispose()


async def test_a_job_that_failed_is_run_again(sessions: Sessions) -> None:
    runs: list[int] = []

    async def stumble(_: AsyncSession, __: datetime) -> int:
        runs.append(1)
        raise LookupError("a defect in the job")

    job = Job("stumble", timedelta(seconds=0.01), stumble)
    task = asyncio.create_task(
        keep_running(sessions, job, lambda: None, asyncio.Semaphore(1), Metrics().job_ran)
    )

    async def ran_thrice() -> bool:
        return len(runs) > 2

    await eventually(ran_thrice)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_job_runs_in_one_process_at_a_time(sessions: Sessions) -> None:
    inside, release = asyncio.Event(), asyncio.Event()

    async def linger(_: AsyncSession, __: datetime) -> int:
        inside.set()
        await release.wait()
        return 7

    job = Job("linger", timedelta(seconds=1), linger)
    first = asyncio.create_task(once(sessions, job))
    await inside.wait()
    assert await once(sessions, job) == 0
    release.set()
    assert await first == 7


async def test_a_piece_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[int] = []

    async def run(piece: int) -> int:
        done.append(piece)
        if piece % 2:
            raise LookupError(piece)
        return 10

    assert await each_alone("even", [0, 2], run) == 20
    with pytest.raises(LookupError, match="3"):
        await each_alone("one", [2, 3, 4], run)
    with pytest.raises(ExceptionGroup) as failed:
        await each_alone("two", [5, 6, 7, 8], run)

    assert done == [0, 2, 2, 3, 4, 5, 6, 7, 8]
    assert [str(one) for one in failed.value.exceptions] == ["5", "7"]


async def test_what_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    async def broken() -> None:
        raise LookupError("a defect")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(tasks)
    assert swallowed == 2
    assert all(task.done() for task in tasks)
