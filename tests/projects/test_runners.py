"""Runners end together: once nothing is left, or when one of them fails."""

import asyncio

import pytest

from services.projects.collecting.runners import Shift


class Broken(Exception):
    """The database was away for a moment."""


class LongWalk:
    """One that another runner is on meanwhile."""

    given_back = False

    async def go(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.given_back = True


async def test_a_runner_that_fails_takes_the_others_along_and_none_is_left() -> None:
    walk = LongWalk()
    claims = iter([walk, None])

    async def claim() -> LongWalk | None:
        await asyncio.sleep(0)
        try:
            return next(claims)
        except StopIteration:
            raise Broken from None

    async def renew() -> int:
        return 0

    before = asyncio.all_tasks()
    async with asyncio.timeout(5):
        with pytest.RaisesGroup(Broken):
            await Shift(claim, renew, look_again=0.01).work(3)
    assert not [task for task in asyncio.all_tasks() - before if not task.done()]
    assert walk.given_back
