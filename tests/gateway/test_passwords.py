"""Passwords: changed by their owners, replaced when forgotten, and the very first one."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from asyncpg.transaction import Transaction

from services.gateway.access import rules, service
from services.gateway.access.common_passwords import is_common
from services.gateway.access.passwords import is_outdated, random_password
from services.gateway.guessing.rules import ATTEMPTS_ALLOWED
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.errors import Invalid
from tests.cheap_passwords import OF_PRODUCTION
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.test_sign_in import (
    created,
    new_account,
    refresh,
    set_password,
    sign_in,
)
from tests.provoking import provokes
from tests.support import eventually

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


async def test_a_change_of_which_the_answer_was_lost_is_not_made_a_second_time(
    client: httpx.AsyncClient, as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new password would be taken for a wrong present one."""
    account = await new_account(client, as_, "clerk", "H001")
    token = (await _signed_in(client, account))["access_token"]
    commit = Transaction.commit

    async def unheard(transaction: Transaction) -> None:
        await commit(transaction)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed")

    with monkeypatch.context() as cut:
        cut.setattr(Transaction, "commit", unheard)
        answer = await _change(client, token, account["password"], BETTER)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "2")
    assert (await sign_in(client, account, BETTER)).status_code == 200


@provokes("change_password", "locked-out", "wrong-password")
async def test_a_wrong_present_password_changes_nothing_and_counts_as_a_failure(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = await _signed_in(client, account)
    for _ in range(ATTEMPTS_ALLOWED):
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


async def test_a_link_that_is_used_again_by_the_same_request_is_answered_as_before(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await created(client, as_, "clerk", "H001")
    client_key = {"Idempotency-Key": uuid4().hex}
    wanted = {"token": account["password_link"]["token"], "new_password": BETTER}
    first, again = [
        await client.post(f"{PASSWORD}/link", json=wanted, headers=client_key) for _ in range(2)
    ]
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["idempotent-replayed"] == "true"


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


async def test_links_are_forgotten_a_month_after_they_ended(
    client: httpx.AsyncClient, as_: Headers, sql: Any, door: Running
) -> None:
    database = await sql("gateway")
    old, fresh = await created(client, as_, "citizen"), await created(client, as_, "citizen")
    past = "UPDATE password_link SET expires_at = now() - interval '40 days' WHERE account_id = $1"
    await database.execute(past, old["id"])
    engine = new_engine(door.settings, "test")
    async with new_sessions(engine)() as session, session.begin():
        for each in service.FORGOTTEN:
            await each.prune(session, clock.now())
    await engine.dispose()
    kept = "SELECT count(*) FROM password_link WHERE account_id = $1"
    assert [await database.fetchval(kept, each["id"]) for each in (old, fresh)] == [0, 1]


def test_a_hash_costs_what_owasp_recommends() -> None:
    """Their password storage cheat sheet: argon2id, 19 MiB, two passes, one lane."""
    kept = OF_PRODUCTION.hash("Lotus-Pond-by-the-river-27")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_outdated(kept), "the tests' own hashes cost less"
