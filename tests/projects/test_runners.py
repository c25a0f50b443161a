"""Runners end once nothing is left, whatever becomes of one of them."""

import asyncio

import pytest

from services.projects.collecting.runners import Shift


class Broken(Exception):
    """The database was away for a moment."""


async def test_a_runner_that_fails_keeps_none_of_the_others_waiting() -> None:
    asked = 0

    async def claim() -> None:
        nonlocal asked
        asked += 1
        is_first = asked == 1
        await asyncio.sleep(0)
        if is_first:
            raise Broken

    async def renew() -> int:
        return 0

    before = asyncio.all_tasks()
    with pytest.raises(Broken):
        await Shift(claim, renew, look_again=0.01).work(3)
    async with asyncio.timeout(5):
        await asyncio.gather(*(asyncio.all_tasks() - before))
