"""Of two who decide on the same version one wins, and the other is told how things stand."""

from collections.abc import AsyncIterator
from enum import StrEnum
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.postgres import Urls
from shared.database.engine import Sessions, new_sessions
from shared.database.faults import Overtaken
from shared.database.rows import loaded
from shared.database.tables import enum_type, known_states, new_metadata
from shared.database.versioned import hold, swap
from shared.errors import NotFound, StateConflict, Text
from shared.ids import new_id


class LampState(StrEnum):
    OFF = "off"
    LIT = "lit"


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    """Tables of this test alone."""


class Lamp(Base, table=True):
    __table_args__ = (known_states("state", LampState),)

    id: UUID = Field(primary_key=True)
    state: LampState = Field(sa_type=enum_type(LampState))
    hours: int = 0
    version: int = 1


@pytest.fixture
async def sessions(urls: Urls) -> AsyncIterator[Sessions]:
    engine = create_async_engine(urls.owner.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield new_sessions(engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


async def new_lamp(session: AsyncSession) -> Lamp:
    lamp = Lamp(id=new_id(), state=LampState.OFF)
    session.add(lamp)
    await session.commit()
    return lamp


async def test_a_swap_changes_what_was_seen_and_counts_the_version_up(sessions: Sessions) -> None:
    async with sessions() as session:
        lamp = await new_lamp(session)
        changed = await swap(session, lamp, {"state": LampState.LIT})
        assert (changed.state, changed.version) == (LampState.LIT, 2)


async def test_who_comes_second_is_told_the_present_state_and_version(sessions: Sessions) -> None:
    async with sessions() as first, sessions() as second:
        lamp = await new_lamp(first)
        seen = await second.get_one(Lamp, lamp.id)
        await swap(first, lamp, {"state": LampState.LIT})
        await first.commit()
        with pytest.raises(StateConflict) as refused:
            await swap(
                second, seen, {"hours": 9}, says=lambda now: Text(f"现在 {now.state}", "lit")
            )
    assert refused.value.members == {"state": "lit", "version": 2}
    assert refused.value.detail == Text("现在 lit", "lit")


async def test_a_row_that_was_read_beside_the_session_is_swapped_alike(sessions: Sessions) -> None:
    async with sessions() as session:
        lamp = await new_lamp(session)
        columns = [getattr(lamp, name) for name in ("id", "state", "hours", "version")]
        seen, late = loaded(Lamp, columns), loaded(Lamp, columns)
        assert (await swap(session, seen, {"state": LampState.LIT})).version == 2
        with pytest.raises(StateConflict) as refused:
            await swap(session, late, {"hours": 9})
    assert refused.value.members == {"state": "lit", "version": 2}


async def test_a_part_with_a_version_of_its_own_is_swapped_by_that(sessions: Sessions) -> None:
    async with sessions() as first, sessions() as second:
        lamp = await new_lamp(first)
        seen = await second.get_one(Lamp, lamp.id)
        changed = await swap(first, lamp, {}, counter="hours")
        await first.commit()
        with pytest.raises(StateConflict) as refused:
            await swap(second, seen, {}, counter="hours")
    assert (changed.hours, changed.version) == (1, 1)
    assert refused.value.members == {"state": "off", "version": 1}


async def test_what_is_gone_is_not_found(sessions: Sessions) -> None:
    async with sessions() as session:
        lamp = await new_lamp(session)
        await session.execute(text("DELETE FROM lamp"))
        with pytest.raises(NotFound):
            await swap(session, lamp, {"hours": 1})


async def test_the_database_refuses_a_state_that_is_not_in_the_table(sessions: Sessions) -> None:
    async with sessions() as session:
        await new_lamp(session)
        with pytest.raises(Exception, match="state_known"):
            await session.execute(text("UPDATE lamp SET state = 'blinking'"))


async def test_what_is_held_is_there_as_it_was_seen_or_refused(sessions: Sessions) -> None:
    async with sessions() as session:
        lamp = await new_lamp(session)
        assert await hold(session, lamp) is lamp
        await session.execute(text("UPDATE lamp SET version = 5"))
        with pytest.raises(Overtaken):
            await hold(session, lamp)
