"""Who names no version asks for a row as it is after whatever is just being done to it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.postgres import Urls
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.swap_statement import Lost, SwapStatement
from tests import support
from tests.shared.kettles import KettleState, kettle, kettles
from tests.waiting import until_it_waits

_CHANGE = "UPDATE kettle SET version = version + 1 WHERE id = $1"


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    async with kettles(urls, notes_settings) as pool:
        yield pool


async def test_who_waits_for_a_row_is_not_refused_by_how_it_was(direct: DirectPool) -> None:
    one = await kettle(direct)
    statement = SwapStatement(direct)
    statement.swap(statement.wait_for(one), {"state": KettleState.HOT})
    await statement.ensure_unchanged()
    await direct.execute(_CHANGE, one.id)
    with pytest.raises(Lost):
        await statement.write()
    for refusal in (statement.refuse, statement.ensure_unchanged):
        with pytest.raises(Overtaken):
            await refusal()


async def test_before_it_is_refused_it_waits_for_whoever_is_just_changing_the_row(
    direct: DirectPool, urls: Urls
) -> None:
    one = await kettle(direct)
    statement = SwapStatement(direct)
    statement.wait_for(one)
    other = await support.connect(urls.owner)
    boil = "UPDATE kettle SET boiled = boiled + 1 WHERE id = $1"
    for change, outcome in ((boil, None), (_CHANGE, Overtaken)):
        await other.execute("BEGIN")
        await other.execute(change, one.id)
        waiting = asyncio.create_task(statement.ensure_unchanged())
        await until_it_waits(other, waiting)
        await other.execute("COMMIT")
        [end] = await asyncio.gather(waiting, return_exceptions=True)
        assert type(end) is (outcome or type(None))
    await other.close()
