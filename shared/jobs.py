"""Work that recurs: each job in a transaction of its own, in one process at a time.

A job that waits for others, such as a portal, is a LongJob: it holds no transaction meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import clock

DEADLINE_SECONDS = 60
AT_ONCE_SECONDS = 30
"""So long a job goes on at once while its batches are full; then others have their turn."""

log = structlog.get_logger()
P = TypeVar("P")

_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 11))")


@dataclass(frozen=True)
class Job:
    """`run(session, now)` does the work and returns how many rows it changed.

    Where it works in batches, `batch` is how many rows a full one is of: there may be more then,
    and the job is run again at once, in a transaction of its own.
    """

    name: str
    every: timedelta
    run: Callable[[AsyncSession, datetime], Awaitable[int]]
    batch: int | None = None


@dataclass(frozen=True)
class LongJob:
    """`run(sessions, now)` opens short transactions and claims its work itself.

    It has no deadline but its own, and may run in several processes at a time.
    """

    name: str
    every: timedelta
    run: Callable[[async_sessionmaker[AsyncSession], datetime], Awaitable[int]]


async def once(sessions: async_sessionmaker[AsyncSession], job: Job) -> int:
    """Run the job now, unless another process is at it. Returns how many rows it changed."""
    async with asyncio.timeout(DEADLINE_SECONDS), sessions() as session, session.begin():
        if not (await session.execute(_TURN, {"name": job.name})).scalar_one():
            return 0
        return await job.run(session, clock.now())


async def while_full(
    sessions: async_sessionmaker[AsyncSession],
    job: Job,
    turn: asyncio.Semaphore,
    seconds: float = AT_ONCE_SECONDS,
    steady: Callable[[], float] = time.monotonic,
) -> int:
    """Run the job until a batch was not full, or for `seconds`; between two others have a turn.

    Returns how many rows it changed altogether. `steady` is a clock in seconds that never turns.
    """
    end_at, changed = steady() + seconds, 0
    while True:
        async with turn:
            batch = await once(sessions, job)
        changed += batch
        if job.batch is None or batch < job.batch or steady() > end_at:
            return changed


async def each_alone(job: str, pieces: Iterable[P], run: Callable[[P], Awaitable[int]]) -> int:
    """Work of a LongJob on several things, one after the other: `run` opens transactions of its own
    for each, and one that fails, or takes too long, keeps no other from its turn.

    Returns how many rows all of them changed. Raises what failed, once all had their turn.
    """
    changed, failed = 0, list[Exception]()
    for piece in pieces:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                changed += await run(piece)
        except Exception as error:
            log.warning("job_piece_failed", job=job, piece=str(piece), error=type(error).__name__)
            failed.append(error)
    if len(failed) > 1:
        raise ExceptionGroup(job, failed)
    if failed:
        raise failed[0]
    return changed


async def keep_running(
    sessions: async_sessionmaker[AsyncSession],
    job: Job | LongJob,
    after: Callable[[], None],
    turn: asyncio.Semaphore,
    ran: Callable[[str, str], None],
) -> None:
    """Run the job again and again until cancelled; any failure is logged and tried next time.

    `ran` is called with the job's name and outcome. `turn` keeps a service's jobs from taking all
    of its connections at once; a LongJob, which waits for others, does not wait for it.
    """
    while True:
        try:
            if isinstance(job, LongJob):
                changed = await job.run(sessions, clock.now())
            else:
                changed = await while_full(sessions, job, turn)
            ran(job.name, "done")
            if changed:
                log.info("job_ran", job=job.name, changed=changed)
                after()
        except Exception as error:
            ran(job.name, "failed")
            log.warning("job_failed", job=job.name, error=type(error).__name__)
        await asyncio.sleep(job.every.total_seconds())


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels background work, again and again until all of it has ended.

    Once is not enough: in Python 3.11 a library's `wait_for` swallows a cancellation that comes
    together with what it waited for, and its loop would then go on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=1)
        for task in done:
            if not task.cancelled():
                task.exception()  # logged where the task died
        for task in pending:
            log.warning("task_goes_on", task=task.get_name())
