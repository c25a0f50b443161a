"""The halls of the simulated year shared out among processes, which live each day side by side.

What people do at one hall needs nothing of another; the jobs of a day, which are about all halls,
run where no process is within a day.
"""

import asyncio
import os
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from typing import Any, NamedTuple

import uvloop

from deploy.postgres import Urls
from tests import support
from tests.benchmarks import year_days
from tests.benchmarks.year_days import SlotIds, Year
from tests.benchmarks.year_halls import YearHall


class Part(NamedTuple):
    """What one process lives of the year; `first`: the place of its first hall among all."""

    urls: Urls
    keys: Mapping[str, Any]
    halls: Sequence[YearHall]
    visits: int
    days: Sequence[date]
    first: int


def shared_out(whole: Part, many: int) -> Iterator[Part]:
    """The halls in so many parts, as equal as can be, none of them empty."""
    halls, many = len(whole.halls), min(many, len(whole.halls))
    for number in range(many):
        first, until = number * halls // many, (number + 1) * halls // many
        visits = whole.visits * (until - first) // halls
        yield whole._replace(halls=whole.halls[first:until], visits=visits, first=first)


class _Here:
    """What a process keeps from day to day."""

    runner: asyncio.Runner
    year: Year


def _begin(part: Part) -> None:
    _Here.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    _Here.year = _Here.runner.run(_enter(part))


async def _enter(part: Part) -> Year:
    """Left open: what it holds ends with the process."""
    owner = await support.connect(part.urls.owner)
    of = (part.halls, part.visits, part.days, part.first)
    writing = year_days.writing(part.urls.service, owner, part.keys, *of)
    return await AsyncExitStack().enter_async_context(writing)


def _live(day: date, slot_ids: SlotIds) -> int:
    try:
        _Here.runner.run(_Here.year.live_through(day, slot_ids))
    except TimeoutError:  # whoever waits for it would be told nothing of what took so long
        traceback.print_exc()
        raise
    return _Here.year.visits


@dataclass
class Parts:
    """The processes; `visits` so far."""

    year: Year
    """Of all halls, for what is done for all."""
    pools: Sequence[ProcessPoolExecutor]
    visits: int = 0

    async def live(self, day: date) -> None:
        slot_ids, loop = await self.year.begin(day), asyncio.get_running_loop()
        living = [loop.run_in_executor(pool, _live, day, slot_ids) for pool in self.pools]
        self.visits = sum(await asyncio.gather(*living))
        await self.year.end(day)


@asynccontextmanager
async def parts(whole: Part, year: Year) -> AsyncIterator[Parts]:
    """As many processes as there are cores."""
    spawn = get_context("spawn")
    pools = [
        ProcessPoolExecutor(1, spawn, _begin, (part,))
        for part in shared_out(whole, os.cpu_count() or 1)
    ]
    try:
        yield Parts(year, pools)
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
