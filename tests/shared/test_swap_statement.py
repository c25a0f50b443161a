"""A use case as one statement: what is swapped and all that goes with it, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from deploy.postgres import Urls
from shared.database.engine import DirectPool, Sessions, new_engine, new_sessions
from shared.database.faults import Overtaken
from shared.database.rows import fetch_in, loaded
from shared.database.swap_statement import Lost, SwapStatement
from shared.errors import Conflict, NotFound, StateConflict, Text
from shared.ids import new_id
from tests import support
from tests.shared.kettles import ONE, Kettle, KettleState, kettle, kettles, seen
from tests.waiting import until_it_waits


class Owned(Conflict):
    type, title = "/problems/owned", Text("已有", "There is one")


@pytest.fixture
async def direct(urls: Urls, notes_settings: Any) -> AsyncIterator[DirectPool]:
    async with kettles(urls, notes_settings) as pool:
        yield pool


@pytest.fixture
async def sessions(notes_settings: Any) -> AsyncIterator[Sessions]:
    engine = new_engine(notes_settings, "test")
    yield new_sessions(engine)
    await engine.dispose()


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


async def test_what_is_swapped_twice_is_written_once_and_is_two_versions_on(
    direct: DirectPool,
) -> None:
    one = await kettle(direct)
    statement = heat(direct, one)
    statement.swap(one, {"notes": {"by": "you"}})
    await statement.write()
    present = await seen(direct, one.id)
    assert (present, present.version) == (one, 3)
    assert (present.state, present.notes) == (KettleState.HOT, {"by": "you"})


async def test_what_is_new_is_written_as_it_is_by_then(direct: DirectPool) -> None:
    statement, made = SwapStatement(direct), Kettle(id=new_id(), state=KettleState.COLD)
    statement.insert(made)
    statement.swap(made, {"state": KettleState.HOT})
    await statement.write()
    present = await seen(direct, made.id)
    assert (present.state, present.version) == (KettleState.HOT, 2)


async def test_nothing_is_written_where_what_was_to_stay_has_changed(direct: DirectPool) -> None:
    one, other = await kettle(direct), await kettle(direct)
    statement = heat(direct, one)
    statement.hold(await seen(direct, other.id))
    await heat(direct, other).write()
    with pytest.raises(Lost):
        await statement.write()
    assert (await seen(direct, one.id)).state is KettleState.COLD


async def test_many_may_hold_one_at_the_same_time(direct: DirectPool) -> None:
    held = await kettle(direct)
    others = [await kettle(direct) for _ in range(5)]
    statements = [heat(direct, each) for each in others]
    for statement in statements:
        statement.hold(await seen(direct, held.id))
    await asyncio.gather(*(each.write() for each in statements))
    assert {(await seen(direct, each.id)).state for each in others} == {KettleState.HOT}


async def test_one_part_reads_what_another_one_returns(direct: DirectPool) -> None:
    one, made = await kettle(direct), new_id()
    statement = SwapStatement(direct)
    returning = "UPDATE kettle SET version = version + 4 WHERE id = :id RETURNING version"
    statement.also(returning, name="raised", id=one.id)
    copied = "INSERT INTO kettle SELECT :id, 'cold', '{}', version FROM raised"
    statement.also(copied, id=made)
    await statement.write()
    assert (await seen(direct, made)).version == 5


async def test_rows_of_one_kind_are_written_together_in_their_order(direct: DirectPool) -> None:
    await direct.execute("CREATE TABLE IF NOT EXISTS steam (n serial, word text)")
    statement = SwapStatement(direct)
    for word in ("first", "second", "third"):
        statement.each("INSERT INTO steam (word) SELECT unnest(CAST(:word AS text[]))", word=word)
    await statement.write()
    found = await direct.fetch("SELECT word FROM steam ORDER BY n")
    await direct.execute("DROP TABLE steam")
    assert [row["word"] for row in found] == ["first", "second", "third"]


async def change(direct: DirectPool, one: Kettle) -> None:
    await heat(direct, await seen(direct, one.id)).write()


@pytest.mark.parametrize("how", ["held", "follows", "locked"])
async def test_nobody_is_refused_by_what_they_know_nothing_of(direct: DirectPool, how: str) -> None:
    one, other = await kettle(direct), await kettle(direct)
    statement = heat(direct, one)
    if how == "held":
        statement.hold(other)
    elif how == "follows":
        statement.swap(other, {"notes": {"by": "me"}}, follows=True)
    else:
        cold = "SELECT 1 FROM kettle WHERE id = :id AND state = 'cold' FOR SHARE"
        statement.lock(cold, id=other.id)
    await change(direct, other)
    with pytest.raises(Lost):
        await statement.write()
    with pytest.raises(Overtaken):
        await statement.refuse()
    assert (await seen(direct, one.id)).state is KettleState.COLD


async def test_who_asked_is_refused_though_they_held_it_before(direct: DirectPool) -> None:
    one = await kettle(direct)
    statement = SwapStatement(direct)
    statement.hold(one)
    statement.swap(one, {"state": KettleState.HOT})
    await change(direct, one)
    with pytest.raises(Lost):
        await statement.write()
    with pytest.raises(StateConflict):
        await statement.refuse()


async def test_locks_are_taken_in_the_order_in_which_they_were_named(
    direct: DirectPool, urls: Urls
) -> None:
    made = [await kettle(direct) for _ in range(4)]
    statement = SwapStatement(direct)
    statement.hold(made[0])
    statement.lock("UPDATE kettle SET notes = '{}' WHERE id = :id RETURNING 1", id=made[1].id)
    statement.swap(made[2], {"state": KettleState.HOT})
    statement.also("UPDATE kettle SET notes = '{}' WHERE id = :id", id=made[3].id)
    locking = "SELECT FROM kettle WHERE id = $1 FOR UPDATE NOWAIT"
    for place in range(4):
        other, looking = await support.connect(urls.owner), await support.connect(urls.owner)
        await other.execute("BEGIN")
        await other.execute(locking, made[place].id)
        writing = asyncio.create_task(statement.write())
        await until_it_waits(other, writing)
        for number, one in enumerate(made):
            if number < place:
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await looking.execute(locking, one.id)
            elif number > place:
                await looking.execute(locking, one.id)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        for connection in (other, looking):
            await connection.close()


async def test_in_a_transaction_it_is_undone_with_that(
    direct: DirectPool, sessions: Sessions
) -> None:
    one = await kettle(direct)
    for ends, state in (("rollback", KettleState.COLD), ("commit", KettleState.HOT)):
        async with sessions() as session, session.begin() as transaction:
            statement = SwapStatement()
            [record] = await fetch_in(session, ONE, one.id)
            assert loaded(Kettle, record) == one
            statement.swap(
                loaded(Kettle, record), {"state": KettleState.HOT, "notes": {"by": "me"}}
            )
            await statement.write_in(session)
            await getattr(transaction, ends)()
        assert (await seen(direct, one.id)).state is state
    assert (await seen(direct, one.id)).notes == {"by": "me"}


async def test_in_a_transaction_who_is_late_decides_anew(
    direct: DirectPool, sessions: Sessions
) -> None:
    one = await kettle(direct)
    late = SwapStatement()
    late.swap(await seen(direct, one.id), {"state": KettleState.HOT})
    await change(direct, one)
    async with sessions() as session:
        with pytest.raises(Overtaken):
            await late.write_in(session)


async def test_in_a_transaction_a_unique_index_refuses_in_the_same_words(
    direct: DirectPool, sessions: Sessions
) -> None:
    one = await kettle(direct)
    for refusing in (True, False):
        twice = SwapStatement()
        twice.insert(Kettle(id=one.id, state=KettleState.COLD))
        if refusing:
            twice.refusing("pk_kettle", Owned)
        async with sessions() as session:
            with pytest.raises(Owned if refusing else IntegrityError):
                await twice.write_in(session)


async def test_only_a_request_goes_on_in_a_transaction(direct: DirectPool) -> None:
    with pytest.raises(RuntimeError, match="only a request"):
        await SwapStatement(direct).begin()
