"""A row with a second version: of a part of it, or of what came to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.postgres import Urls
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.swap_statement import Lost, SwapStatement
from shared.errors import StateConflict
from tests.shared.kettles import KettleState, kettle, kettles, seen


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    async with kettles(urls, notes_settings) as pool:
        yield pool


@pytest.mark.parametrize(("counter", "end"), [("version", StateConflict), ("boiled", Overtaken)])
async def test_a_row_may_be_guarded_by_both_of_its_versions(
    direct: DirectPool, counter: str, end: type[Exception]
) -> None:
    """By another version than that of what was asked nobody is refused: it is decided anew."""
    one = await kettle(direct)
    stale = SwapStatement(direct)
    stale.swap(one, {"state": KettleState.HOT})
    stale.hold(one, counter="boiled")
    await direct.execute(f"UPDATE kettle SET {counter} = {counter} + 1 WHERE id = $1", one.id)
    with pytest.raises(Lost):
        await stale.write()
    with pytest.raises(end):
        await stale.refuse()


async def test_the_second_version_is_counted_by_itself(direct: DirectPool) -> None:
    one, counted = await kettle(direct), SwapStatement(direct)
    counted.swap(counted.hold(one), {}, counter="boiled", follows=True)
    await counted.write()
    assert await seen(direct, one.id) == one
    assert (one.version, one.boiled) == (1, 1)
