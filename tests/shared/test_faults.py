"""What a failed statement means to whoever sent it: try again, wait, or give up."""

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database import faults
from tests.support import Databases


async def failure(databases: Databases, statement: str, **values: object) -> BaseException:
    """What SQLAlchemy makes of the statement's error."""
    url = make_url(databases["feedback"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    try:
        with pytest.raises(DBAPIError) as failed:
            async with engine.connect() as connection:
                await connection.execute(text(statement), values)
    finally:
        await engine.dispose()
    return failed.value


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("SELECT CAST(:n AS int)", {"n": 3_000_000_000}),  # refused by the driver
        ("SELECT 1 / CAST(:n AS int)", {"n": 0}),  # refused by the server
    ],
)
async def test_a_bad_value_stays_bad_however_long_one_waits(
    databases: Databases, statement: str, values: dict[str, int]
) -> None:
    error = await failure(databases, statement, **values)
    assert faults.is_bad_value(error)
    assert not faults.is_outage(error)


def test_a_lost_connection_is_an_outage_and_a_deadlock_gives_way() -> None:
    assert faults.is_outage(asyncpg.InterfaceError("connection is closed"))
    assert faults.is_outage(asyncpg.ConnectionDoesNotExistError("gone"))
    assert faults.gave_way(asyncpg.DeadlockDetectedError("deadlock detected"))
    assert not faults.gave_way(asyncpg.UniqueViolationError("twice"))
