"""Few connections: readings take none for longer than a statement, and who waits is not refused."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database.engine import GUARDS, DirectPool, new_engine, new_readings, new_sessions
from shared.database.faults import gave_way
from tests.conftest import Headers
from tests.shared import notes
from tests.shared.conftest import running
from tests.support import eventually

NOTES = "/api/v1/notes"
_WAITS_FOR = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
_WRITTEN = "SELECT count(*) FROM audit_log WHERE action = 'note.written'"
_END_ALL = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name LIKE 'feedback%'"
)


async def test_a_reading_has_no_transaction_around_its_statements(
    house: httpx.AsyncClient,
) -> None:
    first, second = (await house.get(f"{NOTES}/moments")).json()
    assert first < second


async def test_a_reading_cannot_write_what_nothing_would_undo(
    house: httpx.AsyncClient, rows: asyncpg.Connection
) -> None:
    before = await rows.fetchval(_WRITTEN)
    assert (await house.get(f"{NOTES}/written")).status_code == 500
    assert await rows.fetchval(_WRITTEN) == before


async def test_whoever_meets_a_lost_connection_gets_another(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    for _ in range(3):
        assert (await house.get(f"{NOTES}/moments")).status_code == 200
        before = await rows.fetchval(_WRITTEN)
        assert await rows.fetchval(_END_ALL) > 0
        answers = await asyncio.gather(
            house.get(f"{NOTES}/moments"),
            house.get(NOTES),
            house.post(NOTES, json={"words": "anew"}, headers=as_("citizen")),
        )
        assert [answer.status_code for answer in answers] == [200, 200, 201]
        assert await rows.fetchval(_WRITTEN) == before + 1, "done once"


async def test_who_loses_a_connection_before_anything_is_written_decides_anew(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await rows.fetchval(_WRITTEN)
    answer = await house.post(f"{NOTES}/decided", headers=as_("citizen"))
    assert (answer.status_code, await rows.fetchval(_WRITTEN)) == (201, before + 1)


async def test_who_waits_for_a_connection_is_not_refused_while_the_caller_waits(
    notes_settings: Any, as_: Headers, rows: asyncpg.Connection
) -> None:
    narrow = notes_settings.model_copy(update={"pool_size": 1, "background": False})
    signed, lock = as_("citizen"), notes.CROSSING[0]
    async with running(narrow) as house:
        async with rows.transaction():
            await rows.execute("SELECT pg_advisory_xact_lock($1)", lock)
            busy = asyncio.create_task(house.post(NOTES, json={"words": "cross"}, headers=signed))
            await eventually(lambda: rows.fetchval(_WAITS_FOR, lock))
            before = await rows.fetchval(_WRITTEN)
            hasty = {**signed, "x-deadline-seconds": "0.2"}
            gone = asyncio.create_task(house.post(NOTES, json={"words": "gone"}, headers=hasty))
            waiting = [asyncio.create_task(house.get(f"{NOTES}/moments")) for _ in range(9)]
            assert (await gone).status_code == 503, "nobody waited for it any more"
            await asyncio.sleep(1)
            assert not any(one.done() for one in waiting)
        assert (await busy).status_code == 201
        assert [(await one).status_code for one in waiting] == [200] * 9
    assert await rows.fetchval(_WRITTEN) == before + 1


async def test_a_value_that_the_driver_refuses_costs_the_next_one_no_time(
    notes_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was told of the statement, and its limit of time runs until the end is told."""
    monkeypatch.setitem(GUARDS, "statement_timeout", "300")
    settings = notes_settings.model_copy(update={"pool_size": 1, "direct_pool_size": 1})
    engine, direct = new_engine(settings, "test"), DirectPool(settings, "test", lambda: None)
    too_large, asked = 2**40, text("SELECT CAST(:n AS int)")
    try:
        async with new_readings(engine, {})() as session:
            with pytest.raises(DBAPIError):
                await session.execute(asked, {"n": too_large})
        with pytest.raises(asyncpg.DataError):
            await direct.fetch("SELECT $1::int", too_large)
        await asyncio.sleep(0.5)
        async with new_sessions(engine)() as session, session.begin():
            assert (await session.execute(asked, {"n": 1})).scalar_one() == 1
        assert await direct.fetchval("SELECT $1::int + 1", 1) == 2
    finally:
        await engine.dispose()
        await direct.close()


async def test_what_was_planned_before_a_migration_is_tried_again(
    notes_settings: Any, rows: asyncpg.Connection
) -> None:
    """Whoever serves while the next release's tables come is not told to come back."""
    engine = new_engine(notes_settings.model_copy(update={"pool_size": 1}), "test")
    sessions, asked = new_sessions(engine), text("SELECT * FROM planned")

    async def ask() -> int:
        async with sessions() as session, session.begin():
            return len((await session.execute(asked)).keys())

    await rows.execute("CREATE TABLE planned (n int)")
    try:
        assert await ask() == 1
        await rows.execute("ALTER TABLE planned ADD m int")
        with pytest.raises(DBAPIError) as outdated:
            await ask()
        assert gave_way(outdated.value)
        assert await ask() == 2
    finally:
        await rows.execute("DROP TABLE planned")
        await engine.dispose()
