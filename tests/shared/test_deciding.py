"""A session that decides: it reads at once, and all that it is given is one statement."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from deploy.postgres import Urls
from shared.database.deciding import DecidingSession, deciding, write, write_rows
from shared.database.engine import DirectPool, new_engine, new_readings
from shared.database.swap_statement import Lost, SwapStatement
from shared.database.versioned import hold, swap
from shared.ids import new_id
from tests.shared.kettles import Kettle, KettleState, kettle, kettles, seen


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    async with kettles(urls, notes_settings) as pool:
        yield pool


@pytest.fixture
async def engine(notes_settings: Any) -> AsyncIterator[AsyncEngine]:
    made = new_engine(notes_settings, "test")
    yield made
    await made.dispose()


@pytest.fixture
async def session(direct: DirectPool, engine: AsyncEngine) -> AsyncIterator[DecidingSession]:
    async with deciding(new_readings(engine, {}), SwapStatement(direct)) as made:
        yield made


async def find(session: DecidingSession, one: Kettle) -> Kettle:
    return (await session.exec(select(Kettle).where(Kettle.id == one.id))).one()


async def test_what_is_decided_is_in_hand_at_once_and_there_after_the_statement(
    session: DecidingSession, direct: DirectPool
) -> None:
    one = await find(session, await kettle(direct))
    hot = await swap(session, one, {"state": KettleState.HOT})
    session.add(Kettle(id=(added := new_id()), state=KettleState.COLD))
    noted = text("UPDATE kettle SET notes = CAST(:notes AS jsonb) WHERE id <> :id")
    other = await kettle(direct)
    await write(session, noted, {"notes": '{"by": "me"}', "id": one.id})
    assert (hot.state, hot.version) == (KettleState.HOT, 2)
    assert (await find(session, one)).state is KettleState.HOT
    assert (await seen(direct, one.id)).state is KettleState.COLD

    await session.statement.write()

    assert (await seen(direct, one.id)).version == 2
    assert (await seen(direct, added)).state is KettleState.COLD
    assert (await seen(direct, other.id)).notes == {"by": "me"}


async def test_who_decides_on_what_has_changed_meanwhile_writes_nothing(
    session: DecidingSession, direct: DirectPool
) -> None:
    one = await find(session, await kettle(direct))
    await swap(session, one, {"state": KettleState.HOT})
    session.add(Kettle(id=(added := new_id()), state=KettleState.COLD))
    await direct.execute("UPDATE kettle SET version = version + 1")
    with pytest.raises(Lost):
        await session.statement.write()
    assert await direct.fetchval("SELECT count(*) FROM kettle WHERE id = $1", added) == 0


async def test_a_row_that_is_changed_without_being_swapped_is_an_error(
    session: DecidingSession, direct: DirectPool
) -> None:
    one = await find(session, await kettle(direct))
    one.state = KettleState.HOT
    with pytest.raises(RuntimeError, match="not swapped: Kettle"):
        await session.statement.write()


@pytest.mark.parametrize(
    "statement",
    [
        text("UPDATE kettle SET version = 2"),
        text("WITH one AS (INSERT INTO kettle DEFAULT VALUES RETURNING 1) SELECT 1"),
        text("SELECT pg_advisory_xact_lock(1)"),
        text("SELECT 1 FROM kettle FOR UPDATE"),
        update(Kettle).values(version=2),
        select(Kettle).with_for_update(),
    ],
    ids=["update", "insert", "advisory", "locking", "built", "built locking"],
)
async def test_it_neither_writes_nor_locks_by_itself(
    session: DecidingSession, direct: DirectPool, statement: Any
) -> None:
    with pytest.raises(RuntimeError, match="reads, and writes by its statement"):
        await session.execute(statement)


async def test_who_decides_holds_no_connection_while_it_is_written(
    session: DecidingSession, direct: DirectPool, engine: AsyncEngine
) -> None:
    pool: Any = engine.pool
    await swap(session, await find(session, await kettle(direct)), {"state": KettleState.HOT})
    assert pool.checkedout() == 1
    await session.statement.write()
    assert pool.checkedout() == 0


async def test_rows_of_one_kind_are_one_part_of_the_statement(
    session: DecidingSession, direct: DirectPool
) -> None:
    many = text(
        "INSERT INTO kettle (id, state, notes, version) SELECT id, 'cold', '{}', version"
        " FROM unnest(CAST(:id AS uuid[]), CAST(:version AS int[])) AS new (id, version)"
    )
    ids = [new_id() for _ in range(3)]
    await write_rows(session, many, [{"id": one, "version": 4} for one in ids[:2]])
    await write_rows(session, many, [])
    await write_rows(session, many, [{"id": ids[2], "version": 5}])
    await session.statement.write()
    assert [(await seen(direct, one)).version for one in ids] == [4, 4, 5]


async def test_what_is_held_has_to_stay_as_it_was_seen(
    session: DecidingSession, direct: DirectPool
) -> None:
    one = await hold(session, await find(session, await kettle(direct)))
    await direct.execute("UPDATE kettle SET version = version + 1 WHERE id = $1", one.id)
    with pytest.raises(Lost):
        await session.statement.write()
