"""Passwords: changed by their owners, replaced when forgotten, and the very first one."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.gateway.access import first_admin, rules
from services.gateway.access.common_passwords import is_common
from services.gateway.access.first_admin import AdminExists
from services.gateway.access.links import IssuedLink
from services.gateway.access.passwords import random_password
from shared.database.engine import Sessions, new_sessions
from shared.errors import Invalid
from tests.conftest import Headers
from tests.gateway.test_sign_in import (
    approve,
    created,
    new_account,
    refresh,
    set_password,
    sign_in,
)
from tests.provoking import provokes
from tests.support import Databases, eventually

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
    answer = await _change(client, told["access_token"], account["password"], BETTER)
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
    locked = await _change(client, told["access_token"], account["password"], BETTER)
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
async def test_a_forgotten_password_is_set_by_a_link_and_never_seen_by_an_administrator(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = await _signed_in(client, account)
    path, seen = f"/api/v1/accounts/{account['id']}/password", {"version": account["version"]}
    answer = await client.post(path, json=seen, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["version"]) == (200, seen["version"] + 1)
    assert "password" not in answer.json()
    assert (await sign_in(client, account)).status_code == 200

    own = {"Authorization": f"Bearer {told['access_token']}"}
    notice = (await client.get("/api/v1/auth/me", headers=own)).json()["password_link"]
    assert notice["ended_at"] is None

    assert (await set_password(client, answer.json(), BETTER)).status_code == 200
    assert (await sign_in(client, account)).status_code == 400
    assert (await sign_in(client, account, BETTER)).status_code == 200
    assert (await refresh(client, told["refresh_token"])).status_code == 400

    stale = await client.post(path, json=seen, headers=as_("admin", "*"))
    assert (stale.status_code, stale.json()["state"]) == (409, "active")
    self_made = as_("admin", "*", sub=account["id"])
    refused = await client.post(path, json=seen, headers=self_made)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/own-grant")


@provokes("set_password_by_link", "link-ended")
@pytest.mark.parametrize(
    "why", ["used", "replaced", "expired", "unknown", "disabled", "enabled again", "changed"]
)
async def test_a_link_works_once_for_a_day_and_only_the_last_one_does(
    client: httpx.AsyncClient, as_: Headers, sql: Any, why: str
) -> None:
    account = await created(client, as_, "clerk", "H001")
    path, seen = f"/api/v1/accounts/{account['id']}", {"version": account["version"]}
    match why:
        case "used":
            assert (await set_password(client, account, BETTER)).status_code == 200
        case "replaced":
            await client.post(f"{path}/password", json=seen, headers=as_("admin", "*"))
        case "disabled" | "enabled again":
            off = await client.post(f"{path}/disable", json=seen, headers=as_("admin", "*"))
            if why == "enabled again":
                seen = {"version": off.json()["version"]}
                await client.post(f"{path}/enable", json=seen, headers=as_("admin", "*"))
        case "changed":
            assert (await set_password(client, account, BETTER)).status_code == 200
            now = (await client.get(path, headers=as_("admin", "*"))).json()
            given = await client.post(
                f"{path}/password", json={"version": now["version"]}, headers=as_("admin", "*")
            )
            token = (await sign_in(client, account, BETTER)).json()["access_token"]
            assert (await _change(client, token, BETTER, "Own-Lotus-29")).status_code == 204
            account = given.json()
        case "unknown":
            account["password_link"]["token"] = "unknown"
        case "expired":
            database = await sql("gateway")
            kept = "SELECT expires_at - issued_at FROM password_link WHERE account_id = $1"
            assert await database.fetchval(kept, account["id"]) == timedelta(hours=24)
            past = "UPDATE password_link SET expires_at = now() WHERE account_id = $1"
            await database.execute(past, account["id"])
    answer = await set_password(client, account, "Other-Lotus-28")
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/link-ended")
    assert (await sign_in(client, account, "Other-Lotus-28")).status_code == 400


@provokes("set_password_by_link", "state-conflict")
async def test_an_account_that_is_changed_while_its_password_is_set_is_not_overwritten(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await created(client, as_, "clerk", "H001")
    database = await sql("gateway")
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    async with database.transaction():
        await database.execute(
            "UPDATE account SET version = version + 1 WHERE id = $1", account["id"]
        )
        setting = asyncio.create_task(set_password(client, account, BETTER))
        await eventually(lambda: database.fetchval(waiting))
    answer = await setting
    assert (answer.status_code, answer.json()["state"]) == (409, "active")
    assert (await set_password(client, account, BETTER)).status_code == 200, "the link still works"


async def test_of_many_who_open_a_link_at_once_one_sets_the_password(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await created(client, as_, "clerk", "H001")
    passwords = [f"Lotus-Pond-{n}-by-the-river" for n in range(6)]
    answers = await asyncio.gather(*(set_password(client, account, each) for each in passwords))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410, 410, 410]
    signed_in = [(await sign_in(client, account, each)).status_code for each in passwords]
    assert signed_in.count(200) == 1


async def test_a_link_refuses_a_common_password_and_the_present_one(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path, seen = f"/api/v1/accounts/{account['id']}/password", {"version": account["version"]}
    reissued = (await client.post(path, json=seen, headers=as_("admin", "*"))).json()
    for refused in ("Password123!", account["password"]):
        answer = await set_password(client, reissued, refused)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/body/new_password"
    assert (await set_password(client, reissued, BETTER)).status_code == 200


async def test_a_link_is_announced_and_its_token_stands_nowhere(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await created(client, as_, "clerk", "H001")
    database = await sql("gateway")
    events = await database.fetch(
        "SELECT subject, convert_from(body, 'UTF8') AS body FROM outbox WHERE body::text LIKE"
        " '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'",
        account["id"],
    )
    assert [event["subject"] for event in events] == ["gateway.password_link.issued.v1._"]
    kept = str(await database.fetch("SELECT * FROM password_link"))
    kept += str(await database.fetch("SELECT * FROM audit_log")) + str(events)
    assert account["password_link"]["token"] not in kept


@provokes("approve_account", "four-eyes", "password-not-set", "state-conflict", "own-grant")
@pytest.mark.parametrize("role", ["admin", "auditor", "reviewer", "supervisor"])
async def test_a_privileged_account_cannot_be_used_before_a_second_administrator_agreed(
    client: httpx.AsyncClient, as_: Headers, role: str
) -> None:
    account = await created(client, as_, role, "*")
    assert account["state"] == "pending"
    early = await approve(client, as_, account, "second-admin")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/password-not-set")
    assert (await set_password(client, account, BETTER)).json()["state"] == "pending"
    assert (await sign_in(client, account, BETTER)).status_code == 400
    for by, status, kind in ((account["id"], 403, "own-grant"), ("admin-test", 409, "four-eyes")):
        answer = await approve(client, as_, account, by)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert (await approve(client, as_, account, "second-admin")).json()["state"] == "active"
    assert (await sign_in(client, account, BETTER)).status_code == 200
    again = await approve(client, as_, account, "second-admin")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/state-conflict")


@pytest.mark.parametrize("change", ["grants", "enable", "link"])
async def test_a_change_to_a_privileged_account_waits_for_a_second_administrator(
    client: httpx.AsyncClient, as_: Headers, change: str
) -> None:
    account = await new_account(client, as_, "auditor" if change != "grants" else "clerk", "*")
    path, admin = f"/api/v1/accounts/{account['id']}", as_("admin", "*")
    seen = {"version": account["version"]}
    match change:
        case "grants":
            wanted = {**seen, "roles": ["auditor"], "places": ["*"]}
            assert (await client.put(f"{path}/grants", json=wanted, headers=admin)).is_success
        case "enable":
            off = await client.post(f"{path}/disable", json=seen, headers=admin)
            seen = {"version": off.json()["version"]}
            assert (await client.post(f"{path}/enable", json=seen, headers=admin)).is_success
        case "link":
            reissued = await client.post(f"{path}/password", json=seen, headers=admin)
            account["password"] = BETTER
            assert (await set_password(client, reissued.json(), BETTER)).is_success
    assert (await client.get(path, headers=admin)).json()["state"] == "pending"
    assert (await sign_in(client, account)).status_code == 400
    own = await approve(client, as_, account, "admin-test")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/four-eyes")
    assert (await approve(client, as_, account, "second-admin")).status_code == 200
    assert (await sign_in(client, account)).status_code == 200


@pytest.mark.parametrize("change", ["grants", "enable", "link"])
async def test_everybody_who_acted_since_the_last_approval_is_no_second_person(
    client: httpx.AsyncClient, as_: Headers, change: str
) -> None:
    """Two who act one after the other would otherwise each approve what the other one did."""
    account = await created(client, as_, "auditor", "*")
    path, other = f"/api/v1/accounts/{account['id']}", as_("admin", "*", sub="second-admin")

    async def version() -> dict[str, Any]:
        return {"version": (await client.get(path, headers=other)).json()["version"]}

    link = account
    if change == "link":
        answer = await client.post(f"{path}/password", json=await version(), headers=other)
        link = answer.json()
    assert (await set_password(client, link, BETTER)).is_success
    if change == "grants":
        wanted = {**await version(), "roles": ["supervisor"], "places": ["*"]}
        assert (await client.put(f"{path}/grants", json=wanted, headers=other)).is_success
    if change == "enable":
        for step in ("disable", "enable"):
            answer = await client.post(f"{path}/{step}", json=await version(), headers=other)
            assert answer.is_success, answer.text

    for by in ("admin-test", "second-admin"):
        answer = await approve(client, as_, account, by)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/four-eyes")
    assert (await approve(client, as_, account, "third-admin")).status_code == 200
    # What was done before it was approved is nobody's concern any more.
    wanted = {**await version(), "roles": ["supervisor"], "places": ["*"]}
    assert (await client.put(f"{path}/grants", json=wanted, headers=other)).is_success
    assert (await approve(client, as_, account, "admin-test")).status_code == 200


async def test_whoever_set_a_clerks_password_by_a_link_does_not_approve_the_clerks_promotion(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path, other = f"/api/v1/accounts/{account['id']}", as_("admin", "*", sub="second-admin")
    wanted = {"version": account["version"], "roles": ["reviewer"], "places": ["*"]}
    assert (await client.put(f"{path}/grants", json=wanted, headers=other)).is_success
    for by, status in (("admin-test", 409), ("second-admin", 409), ("third-admin", 200)):
        assert (await approve(client, as_, account, by)).status_code == status, by


async def test_whoever_only_disabled_an_account_may_approve_that_it_is_enabled(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "auditor", "*")
    path, seen = f"/api/v1/accounts/{account['id']}", {"version": account["version"]}
    for step, by in (("disable", "second-admin"), ("enable", "admin-test")):
        answer = await client.post(f"{path}/{step}", json=seen, headers=as_("admin", "*", sub=by))
        seen = {"version": answer.json()["version"]}
    assert (await approve(client, as_, account, "second-admin")).status_code == 200


COMMON = [
    "Password123!", "P@ssw0rd2024", "Qwerty123456!", "Admin@123456", "Huawei@123", "Aa123456789",
    "Woaini1314!", "1qaz@WSX3edc", "Abcd1234!@#$", "Passw0rd!2026", "Welcome@2025", "Shanxi@2026",
    "Taiyuan12345!", "Zhengfu@123456", "passwordpassword1", "1234567890abcdef", "Iloveyou520!",
    "2026-11-29Admin", "Qwertyuiop123", "Test@1234567", "Gateway@12345", "onedoor-2026-11",
]  # fmt: skip


@pytest.mark.parametrize("common", COMMON)
def test_a_common_password_is_refused_however_it_is_decorated(common: str) -> None:
    with pytest.raises(Invalid):
        rules.ensure_strong(common, "clerk7")


def test_a_random_password_is_never_called_common() -> None:
    assert not [made for made in (random_password() for _ in range(500)) if is_common(made)]


async def test_the_first_two_administrators_are_made_once_however_many_try(
    databases: Databases,
) -> None:
    url = make_url(databases.new("gateway", "first_admin").service)
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    sessions: Sessions = new_sessions(engine)

    async def make(name: str) -> IssuedLink | AdminExists:
        try:
            async with sessions() as session, session.begin():
                return await first_admin.create(session, name)
        except AdminExists as exists:
            return exists

    made = await asyncio.gather(*(make(f"root{n}") for n in range(5)))
    await engine.dispose()
    assert sum(isinstance(outcome, IssuedLink) for outcome in made) == 2
