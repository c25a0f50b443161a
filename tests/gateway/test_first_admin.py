"""The first accounts of a new system, and the way back for whoever lost theirs."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.gateway.access import first_admin
from services.gateway.access.first_admin import AdminExists
from services.gateway.access.links import IssuedLink
from services.gateway.access.rules import AccountTaken
from shared import clock
from shared.database.engine import Sessions, new_engine, new_sessions
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.test_sign_in import created, new_account, set_password, sign_in
from tests.support import Databases

PLANTED = "Planted-Lotus-27"


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


async def test_a_password_that_another_administrator_planted_works_no_more_once_it_was_renewed(
    client: httpx.AsyncClient, as_: Headers, door: Running
) -> None:
    """Whoever asks for a link may open it, and the server's command approves no password."""
    account = await new_account(client, as_, "admin", "*")
    path, seen = f"/api/v1/accounts/{account['id']}", {"version": account["version"]}
    link = await client.post(f"{path}/password", json=seen, headers=as_("admin", "*"))
    assert (await set_password(client, link.json(), PLANTED)).json()["state"] == "pending"

    engine = new_engine(door.settings, "test")
    async with new_sessions(engine)() as session, session.begin():
        given = await first_admin.create(session, account["name"], clock.now())
    await engine.dispose()

    assert (await client.get(path, headers=as_("admin", "*"))).json()["state"] == "active"
    assert (await sign_in(client, account, PLANTED)).status_code == 400
    assert (await sign_in(client, account)).status_code == 400
    own = {"password_link": {"token": given.token}}
    assert (await set_password(client, own, "Own-Lotus-29")).json()["state"] == "active"
    assert (await sign_in(client, account, "Own-Lotus-29")).status_code == 200


async def test_the_command_ends_every_sign_in_of_whom_it_lets_in_again(
    databases: Databases,
) -> None:
    url = databases.new("gateway", "first_admin_signed_in").service
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    now = clock.now()
    async with new_sessions(engine)() as session, session.begin():
        await first_admin.create(session, "root1", now)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "WITH known AS (UPDATE account SET password_set_at = now() RETURNING id)"
                " INSERT INTO sign_in (id, account_id, method, started_at, expires_at)"
                " SELECT id, id, 'pwd', now(), now() + interval '1 hour' FROM known"
            )
        )
    async with new_sessions(engine)() as session, session.begin():
        await first_admin.create(session, "root1", now)
    async with engine.begin() as connection:
        left = await connection.execute(text("SELECT count(*) FROM sign_in WHERE ended_at IS NULL"))
        kept = await connection.execute(text("SELECT password_set_at FROM account"))
        assert (left.scalar_one(), kept.scalar_one()) == (0, None)
    await engine.dispose()


async def test_the_command_helps_any_account_that_waits_for_an_approval(
    client: httpx.AsyncClient, as_: Headers, door: Running
) -> None:
    """Both administrators of a small town may have acted on it, and then neither approves it."""
    account = await created(client, as_, "auditor", "*")
    engine = new_engine(door.settings, "test")
    async with new_sessions(engine)() as session, session.begin():
        given = await first_admin.create(session, account["name"], clock.now())
    await engine.dispose()
    assert (await set_password(client, account, PLANTED)).status_code == 410
    own = {"password_link": {"token": given.token}}
    assert (await set_password(client, own, "Own-Lotus-29")).json()["state"] == "active"
    assert (await sign_in(client, account, "Own-Lotus-29")).json()["scope"] == "auditor"
