"""Passwords: changed by their owners, replaced when forgotten, and the very first one."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.gateway.access import first_admin, rules
from services.gateway.access.first_admin import AdminExists
from shared.database.engine import Sessions, new_sessions
from shared.errors import Invalid
from tests.conftest import Headers
from tests.gateway.test_sign_in import new_account, refresh, sign_in
from tests.provoking import provokes
from tests.support import Databases

PASSWORD = "/api/v1/auth/password"
BETTER = "Lotus-Pond-27"


async def _signed_in(client: httpx.AsyncClient, account: dict[str, Any]) -> dict[str, Any]:
    answer = await sign_in(client, account)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _change(client: httpx.AsyncClient, token: str, current: str, new: str) -> httpx.Response:
    wanted = {"current_password": current, "new_password": new}
    return await client.post(PASSWORD, json=wanted, headers={"Authorization": f"Bearer {token}"})


async def test_a_new_password_ends_every_sign_in_and_the_old_password(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = await _signed_in(client, account)
    answer = await _change(client, told["access_token"], account["initial_password"], BETTER)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await refresh(client, told["refresh_token"])).status_code == 400
    assert (await sign_in(client, account)).status_code == 400
    assert (await sign_in(client, account, BETTER)).status_code == 200


@provokes("change_password", "locked-out", "wrong-password")
async def test_a_wrong_present_password_changes_nothing_and_counts_as_a_failure(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = await _signed_in(client, account)
    for _ in range(rules.ATTEMPTS_ALLOWED):
        answer = await _change(client, told["access_token"], "not my password", BETTER)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/wrong-password")
    locked = await _change(client, told["access_token"], account["initial_password"], BETTER)
    assert (locked.status_code, locked.json()["type"]) == (429, "/problems/locked-out")


@pytest.mark.parametrize(
    "weak",
    ["abcdefghijkl", "Aa1Aa1Aa1Aa1", "Clerk7-2026x", "aaaaaaaaaaaaaaaaaaaa", "Lotus-Pond-26"],
)
def test_a_weak_password_is_refused_with_the_reason(weak: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.ensure_strong(weak, "clerk7", "Lotus-Pond-26")
    assert refused.value.pointer == "/body/new_password"
    assert refused.value.detail is not None


@pytest.mark.parametrize(
    "strong", ["Lotus-Pond-27", "a long walk by the river", "一扇门一个窗口办好群众的事不用跑"]
)
def test_a_mixed_password_and_a_long_phrase_will_do(strong: str) -> None:
    rules.ensure_strong(strong, "clerk7", "Lotus-Pond-26")


@provokes("reset_password", "own-grant", "state-conflict")
async def test_an_administrator_replaces_a_forgotten_password_but_not_its_own(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path = f"/api/v1/accounts/{account['id']}/password"
    answer = await client.post(path, json={"version": 1}, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert (await sign_in(client, account)).status_code == 400
    assert (await sign_in(client, answer.json())).status_code == 200
    stale = await client.post(path, json={"version": 1}, headers=as_("admin", "*"))
    assert (stale.status_code, stale.json()["version"]) == (409, 2)
    own = await client.post(path, json={"version": 2}, headers=as_("admin", "*", sub=account["id"]))
    assert (own.status_code, own.json()["type"]) == (403, "/problems/own-grant")


async def test_the_first_administrator_is_made_once_however_many_try(databases: Databases) -> None:
    url = make_url(databases.new("gateway", "first_admin").service)
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    sessions: Sessions = new_sessions(engine)

    async def make(name: str) -> str | AdminExists:
        try:
            async with sessions() as session, session.begin():
                return await first_admin.create(session, name)
        except AdminExists as exists:
            return exists

    made = await asyncio.gather(*(make(f"root{n}") for n in range(5)))
    await engine.dispose()
    assert sum(isinstance(outcome, str) for outcome in made) == 1
