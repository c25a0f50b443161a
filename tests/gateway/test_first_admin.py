"""The first accounts of a new system, and the way back for whoever lost theirs."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.gateway.access import first_admin
from services.gateway.access.first_admin import AdminExists
from services.gateway.access.links import IssuedLink
from services.gateway.access.rules import AccountTaken
from shared import clock
from shared.database.engine import Sessions, new_sessions
from tests.support import Databases


async def test_the_first_two_administrators_are_made_once_however_many_try(
    databases: Databases,
) -> None:
    url = make_url(databases.new("gateway", "first_admin").service)
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    sessions: Sessions = new_sessions(engine)

    async def make(name: str) -> IssuedLink | AdminExists:
        try:
            async with sessions() as session, session.begin():
                return await first_admin.create(session, name, clock.now())
        except AdminExists as exists:
            return exists

    made = await asyncio.gather(*(make(f"root{n}") for n in range(5)))
    await engine.dispose()
    assert sum(isinstance(outcome, IssuedLink) for outcome in made) == 2


async def test_a_first_administrator_whose_link_was_lost_gets_another(
    databases: Databases,
) -> None:
    """Two were made and neither set a password; then the second one forgot theirs."""
    url = databases.new("gateway", "first_admin_again").service
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    sessions: Sessions = new_sessions(engine)

    async def make(name: str, at: datetime) -> IssuedLink:
        async with sessions() as session, session.begin():
            return await first_admin.create(session, name, at)

    async def do(sql: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(sql))

    now = clock.now()
    lost = await make("root1", now)
    found = await make("root1", now)
    assert lost.token != found.token
    await make("root2", now)
    with pytest.raises(AdminExists):
        await make("root3", now)
    late = now + timedelta(days=2)
    assert await make("root1", late), "both links have run out unused"
    await do("UPDATE account SET password_set_at = now()")
    await do("UPDATE account SET state = 'pending', acted_by = '{a}' WHERE name = 'root2'")
    assert await make("root2", late), "root1 had issued a link, and nobody is left to approve"
    async with engine.begin() as connection:
        rows = await connection.execute(
            text("SELECT name, state, acted_by FROM account ORDER BY 1")
        )
        assert [tuple(row) for row in rows] == [("root1", "active", []), ("root2", "active", [])]
    await do("UPDATE account SET state = 'disabled' WHERE name = 'root2'")
    with pytest.raises(AccountTaken):
        await make("root2", late)
    await engine.dispose()
