"""Signing in: grants of RFC 6749, rotation, lock-out."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.gateway.access import passwords
from services.gateway.access.passwords import random_password
from shared.errors import Unavailable
from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.provoking import provokes

Json = dict[str, Any]


async def created(client: httpx.AsyncClient, as_: Headers, role: str, *places: str) -> Json:
    """An account of its own for one test, as its administrator sees it: with a link."""
    wanted = {"account": f"t{uuid4().hex[:12]}", "roles": [role], "places": list(places)}
    answer = await client.post("/api/v1/accounts", json=wanted, headers=as_("admin", "*"))
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def set_password(client: httpx.AsyncClient, account: Json, password: str) -> httpx.Response:
    """What whoever holds the account's link is answered."""
    wanted = {"token": account["password_link"]["token"], "new_password": password}
    return await client.post("/api/v1/auth/password/link", json=wanted)


async def approve(
    client: httpx.AsyncClient, as_: Headers, account: Json, by: str
) -> httpx.Response:
    path = f"/api/v1/accounts/{account['id']}"
    version = (await client.get(path, headers=as_("admin", "*"))).json()["version"]
    admin = as_("admin", "*", sub=by)
    return await client.post(f"{path}/approve", json={"version": version}, headers=admin)


async def new_account(client: httpx.AsyncClient, as_: Headers, role: str, *places: str) -> Json:
    """An account that can sign in: its owner has set the password, a second person approved."""
    account, password = await created(client, as_, role, *places), random_password()
    answer = await set_password(client, account, password)
    assert answer.status_code == 200, answer.text
    if answer.json()["state"] == "pending":
        answer = await approve(client, as_, account, "second-admin")
        assert answer.status_code == 200, answer.text
    path = f"/api/v1/accounts/{account['id']}"
    present = await client.get(path, headers=as_("admin", "*"))
    return {**present.json(), "password": password}


async def sign_in(client: httpx.AsyncClient, account: Json, password: str | None = None) -> Any:
    return await client.post(
        "/api/v1/auth/token",
        data={
            "grant_type": "password",
            "username": account["name"],
            "password": password or account["password"],
        },
    )


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await client.post("/api/v1/auth/token", data=form)


async def test_a_password_gives_tokens_that_every_service_verifies(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "citizen")
    answer = await sign_in(client, account)
    told = answer.json()
    assert (answer.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 600)
    assert answer.headers["cache-control"] == "no-store"

    mine = await client.get(
        "/api/v1/mine", headers={"Authorization": f"Bearer {told['access_token']}"}
    )
    assert mine.json() == {"sub": account["id"]}


async def test_the_token_says_who_where_and_how(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "clerk", "H001", "H002")
    token = (await sign_in(client, account)).json()["access_token"]
    keys = KeySet.import_key_set((await client.get("/.well-known/jwks.json")).json())
    decoded = jwt.decode(token, keys, algorithms=["EdDSA"])

    assert decoded.header["typ"] == "at+jwt"
    claims = decoded.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("onedoor", "onedoor", account["id"])
    assert (claims["roles"], claims["places"]) == (["clerk"], ["H001", "H002"])
    assert claims["amr"] == ["pwd"]
    assert claims["preferred_username"] == account["name"]
    assert claims["exp"] - claims["iat"] == 600
    assert abs(claims["iat"] - time.time()) < 5
    assert claims["jti"]


async def test_published_keys_hold_nothing_private(client: httpx.AsyncClient) -> None:
    for key in (await client.get("/.well-known/jwks.json")).json()["keys"]:
        assert key.keys() <= {"kty", "crv", "x", "kid", "use", "alg"}


async def test_me_tells_the_account(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "officer", "D01")
    token = (await sign_in(client, account)).json()["access_token"]
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json() == {
        "sub": account["id"],
        "account": account["name"],
        "roles": ["officer"],
        "places": ["D01"],
        "password_link": me.json()["password_link"],
    }
    assert me.json()["password_link"]["ended_because"] == "used"


@pytest.mark.parametrize("wrong", ["", "x", "0" * 256])
async def test_wrong_passwords_and_unknown_names_are_told_alike(
    client: httpx.AsyncClient, as_: Headers, wrong: str
) -> None:
    account = await new_account(client, as_, "citizen")
    answers = [
        await sign_in(client, account, wrong or "-"),
        await sign_in(client, {"name": f"nobody{uuid4().hex[:8]}"}, wrong or "-"),
    ]
    for answer in answers:
        body = answer.json()
        assert answer.status_code == 400
        assert (body["error"], body["type"]) == ("invalid_grant", "/problems/invalid-grant")
    same = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert same[0] == same[1]


async def test_ten_failures_lock_even_the_right_password(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "citizen")
    guesses = await asyncio.gather(*(sign_in(client, account, f"guess-{n}") for n in range(12)))
    outcomes = [guess.status_code for guess in guesses]
    assert (outcomes.count(400), outcomes.count(429)) == (10, 2)
    right = await sign_in(client, account)
    assert right.status_code == 429
    assert 800 < int(right.headers["retry-after"]) <= 901


@provokes("issue_token", "invalid-grant", "locked-out")
async def test_a_lock_ends_after_its_time(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "citizen")
    for n in range(10):
        await sign_in(client, account, f"guess-{n}")
    assert (await sign_in(client, account)).status_code == 429
    database = await sql("gateway")
    await database.execute(
        "UPDATE sign_in_attempt SET last_at = last_at - interval '16 minutes' WHERE attempts = 10"
    )
    assert (await sign_in(client, account)).status_code == 200


async def test_a_right_password_forgets_the_failures_before_it(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "citizen")
    for _ in range(2):
        for n in range(6):
            await sign_in(client, account, f"guess-{n}")
        assert (await sign_in(client, account)).status_code == 200


async def test_many_honest_sign_ins_at_once_succeed(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "citizen")
    answers = await asyncio.gather(*(sign_in(client, account) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}


async def test_who_finds_too_many_waiting_is_refused_before_waiting() -> None:
    limit, done = passwords.HashingLimit(), asyncio.Event()

    async def check() -> None:
        async with limit.turn():
            await done.wait()

    waiting = [asyncio.create_task(check()) for _ in range(passwords.AT_ONCE + passwords.QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        async with limit.turn():
            raise AssertionError
    assert refused.value.retry_after == passwords.BUSY_SECONDS
    done.set()
    await asyncio.gather(*waiting)
    async with limit.turn():
        pass  # all have left


async def test_a_refresh_token_used_again_within_30_seconds_gives_the_same_successor(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    first = (await sign_in(client, await new_account(client, as_, "citizen"))).json()
    answers = [(await refresh(client, first["refresh_token"])).json() for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    for answer in answers:
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 200
    third = await refresh(client, answers[-1]["refresh_token"])
    assert third.json()["refresh_token"] != answers[-1]["refresh_token"]


async def test_a_refresh_token_used_again_after_30_seconds_ends_the_whole_family(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "citizen")
    first = (await sign_in(client, account)).json()
    second = (await refresh(client, first["refresh_token"])).json()
    database = await sql("gateway")
    await database.execute(
        "UPDATE refresh_token t SET used_at = used_at - interval '31 seconds' FROM sign_in s"
        " WHERE s.id = t.sign_in_id AND s.account_id = $1",
        account["id"],
    )
    assert (await refresh(client, first["refresh_token"])).status_code == 400
    assert (await refresh(client, second["refresh_token"])).status_code == 400


async def test_many_concurrent_refreshes_get_the_same_successor(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    first = (await sign_in(client, await new_account(client, as_, "citizen"))).json()
    tries = (refresh(client, first["refresh_token"]) for _ in range(12))
    answers = await asyncio.gather(*tries)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_refreshing_is_not_counted_against_the_networks_sign_ins(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    told = (await sign_in(client, account)).json()
    database = await sql("gateway")
    await database.execute("UPDATE sign_in_rate SET arrival = now() + interval '1 hour'")
    try:
        assert (await sign_in(client, account)).status_code == 429
        assert (await refresh(client, told["refresh_token"])).status_code == 200
    finally:
        await database.execute("DELETE FROM sign_in_rate")
    document = (await client.get("/openapi.json")).json()
    assert "x-operation-class" not in document["paths"]["/api/v1/auth/token"]["post"]


async def test_signing_out_ends_what_came_of_it(client: httpx.AsyncClient, as_: Headers) -> None:
    first = (await sign_in(client, await new_account(client, as_, "citizen"))).json()
    out = await client.post("/api/v1/auth/revoke", data={"token": first["refresh_token"]})
    assert out.status_code == 200
    assert (await refresh(client, first["refresh_token"])).status_code == 400
    again = await client.post("/api/v1/auth/revoke", data={"token": "unknown"})
    assert again.status_code == 200


async def test_a_sign_in_ends_after_a_working_day(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "citizen")
    first = (await sign_in(client, account)).json()
    database = await sql("gateway")
    await database.execute(
        "UPDATE sign_in SET expires_at = now() WHERE account_id = $1", account["id"]
    )
    assert (await refresh(client, first["refresh_token"])).status_code == 400


async def test_no_password_or_token_is_stored(
    door: Running, client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "citizen")
    told = (await sign_in(client, account)).json()
    database = await sql("gateway")
    stored = ""
    for table in ("account", "sign_in", "refresh_token", "sign_in_attempt", "sign_in_rate"):
        stored += str(await database.fetch(f"SELECT * FROM {table}"))
    for secret in (account["password"], told["refresh_token"], told["access_token"]):
        assert secret not in stored
    assert "127.0.0.1" not in stored
    assert "$argon2id$" in stored
