"""A use case as one statement: what is swapped and all that goes with it, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from deploy.postgres import Urls
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded
from shared.database.tables import enum_type, new_metadata
from shared.database.versioned import Lost, SwapStatement
from shared.errors import Conflict, NotFound, StateConflict, Text
from shared.ids import new_id


class KettleState(StrEnum):
    COLD = "cold"
    HOT = "hot"


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    """Tables of this test alone."""


class Kettle(Base, table=True):
    id: UUID = Field(primary_key=True)
    state: KettleState = Field(sa_type=enum_type(KettleState))
    notes: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    version: int = 1


class Owned(Conflict):
    type, title = "/problems/owned", Text("已有", "There is one")


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    engine = create_async_engine(urls.owner.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    pool = DirectPool(notes_settings, "test", lambda: None)
    yield pool
    await pool.close()
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


async def kettle(direct: DirectPool) -> Kettle:
    made, adding = Kettle(id=new_id(), state=KettleState.COLD), SwapStatement(direct)
    adding.insert(made)
    await adding.write()
    return await seen(direct, made.id)


async def seen(direct: DirectPool, kettle_id: UUID) -> Kettle:
    sql = f"SELECT {columns(Kettle, 'k')} FROM kettle k WHERE k.id = $1"
    record = await direct.fetchrow(sql, kettle_id)
    assert record is not None
    return loaded(Kettle, record)


def heat(direct: DirectPool, one: Kettle) -> SwapStatement:
    statement = SwapStatement(direct)
    done = statement.swap(one, {"state": KettleState.HOT, "notes": {"by": "me"}})
    assert (done.state, done.version) == (KettleState.HOT, 2)
    return statement


async def test_what_was_decided_is_what_is_there_afterwards(direct: DirectPool) -> None:
    one = await kettle(direct)
    await heat(direct, one).write()
    assert await seen(direct, one.id) == one
    assert one.notes == {"by": "me"}


async def test_of_many_who_saw_the_same_one_wins_and_the_others_are_told(
    direct: DirectPool,
) -> None:
    one = await kettle(direct)
    statements = [heat(direct, await seen(direct, one.id)) for _ in range(10)]
    ends = await asyncio.gather(*(each.write() for each in statements), return_exceptions=True)
    assert [type(end) for end in ends if end] == [Lost] * 9
    lost = statements[next(n for n, end in enumerate(ends) if end)]
    with pytest.raises(StateConflict) as refused:
        await lost.refuse()
    assert refused.value.members == {"state": "hot", "version": 2}


async def test_what_goes_with_a_lost_swap_is_not_written(direct: DirectPool) -> None:
    one = await kettle(direct)
    late = heat(direct, await seen(direct, one.id))
    other = Kettle(id=new_id(), state=KettleState.COLD)
    late.insert(other)
    await heat(direct, one).write()
    with pytest.raises(Lost):
        await late.write()
    assert await direct.fetchval("SELECT count(*) FROM kettle WHERE id = $1", other.id) == 0


async def test_nothing_is_swapped_when_what_goes_with_it_fails(direct: DirectPool) -> None:
    one = await kettle(direct)
    statement = heat(direct, await seen(direct, one.id))
    sql = "INSERT INTO kettle (id, state, notes, version) VALUES (:id, 'hot', '{}', :none)"
    statement.also(sql, id=new_id(), none=None)
    with pytest.raises(asyncpg.NotNullViolationError):
        await statement.write()
    assert (await seen(direct, one.id)).state is KettleState.COLD


async def test_several_are_swapped_together_or_not_at_all(direct: DirectPool) -> None:
    one, other = await kettle(direct), await kettle(direct)
    stale = await seen(direct, other.id)
    await heat(direct, other).write()
    both = heat(direct, await seen(direct, one.id))
    both.swap(stale, {"state": KettleState.HOT})
    with pytest.raises(Lost):
        await both.write()
    assert (await seen(direct, one.id)).version == 1
    with pytest.raises(StateConflict) as refused:
        await both.refuse()
    assert refused.value.members == {"state": "hot", "version": 2}


async def test_what_is_gone_is_not_found(direct: DirectPool) -> None:
    one = await kettle(direct)
    await direct.execute("DELETE FROM kettle")
    statement = heat(direct, one)
    with pytest.raises(Lost):
        await statement.write()
    with pytest.raises(NotFound):
        await statement.refuse()


async def test_a_unique_index_refuses_in_the_words_of_the_use_case(direct: DirectPool) -> None:
    one = await kettle(direct)
    twice = SwapStatement(direct)
    twice.insert(Kettle(id=one.id, state=KettleState.COLD))
    twice.refusing("pk_kettle", Owned)
    with pytest.raises(Owned):
        await twice.write()
