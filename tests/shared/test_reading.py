"""A reading finds the same by a session and by the direct pool."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased
from sqlmodel import col

from deploy.postgres import Urls
from shared.database.deciding import deciding
from shared.database.engine import DirectPool, new_engine, new_readings
from shared.database.reading import Reading
from shared.database.swap_statement import SwapStatement
from tests.shared.kettles import Kettle, KettleState, kettle, kettles

OTHER = aliased(Kettle)
READING = Reading(
    select(
        Kettle,
        col(Kettle.notes),
        select(func.count()).where(col(OTHER.state).in_([*KettleState])).scalar_subquery() > 0,
    )
    .where(
        col(Kettle.id) == bindparam("id", None, type_=Uuid),
        col(Kettle.state) == bindparam("state", KettleState.COLD),
    )
    .order_by(col(Kettle.id))
)
ABSENT = Reading(
    select(func.count().over(), Kettle)
    .select_from(select(func.now()).subquery())
    .outerjoin(Kettle, col(Kettle.id) == bindparam("id", None, type_=Uuid))
)


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    async with kettles(urls, notes_settings) as pool:
        yield pool


@pytest.fixture
async def engine(notes_settings: Any) -> AsyncIterator[AsyncEngine]:
    made = new_engine(notes_settings, "test")
    yield made
    await made.dispose()


async def test_a_reading_finds_the_same_by_a_session_and_by_the_direct_pool(
    direct: DirectPool, engine: AsyncEngine
) -> None:
    one, readings = await kettle(direct), new_readings(engine, {})
    wanted: list[dict[str, Any]] = [{"id": one.id}, {"id": one.id, "state": KettleState.HOT}]
    async with readings() as session:
        mapped = [await READING.all(session, **each) for each in wanted]
    async with deciding(readings, SwapStatement(direct)) as session:
        read = [await READING.all(session, **each) for each in wanted]
        assert not session.in_transaction(), "no connection is held"
    assert read == mapped == [[(one, {}, True)], []]


async def test_a_model_that_an_outer_join_does_not_find_is_none(
    direct: DirectPool, engine: AsyncEngine
) -> None:
    async with deciding(new_readings(engine, {}), SwapStatement(direct)) as session:
        assert await ABSENT.one(session) == (1, None)
