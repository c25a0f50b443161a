"""Whoever guesses passwords is held up and written down; nobody else is."""

from typing import Any
from uuid import uuid4

import httpx

from tests.conftest import Headers
from tests.gateway.conftest import Running
from tests.gateway.test_sign_in import new_account, sign_in


async def test_strangers_shut_nobody_out_where_they_usually_sign_in(
    client: httpx.AsyncClient, door: Running, as_: Headers
) -> None:
    account = await new_account(client, as_, "officer", "D01")
    assert (await sign_in(client, account)).status_code == 200
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(base_url=door.address, transport=elsewhere) as stranger:
        for n in range(12):
            guess = await sign_in(stranger, account, f"guess-{n}")
        assert guess.status_code == 429
        assert (await sign_in(stranger, account)).status_code == 429
    assert (await sign_in(client, account)).status_code == 200


async def test_who_signed_in_or_tried_to_is_in_the_audit_log(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    token = (await sign_in(client, account)).json()["refresh_token"]
    await client.post("/api/v1/auth/revoke", data={"token": token})
    for n in range(10):
        await sign_in(client, account, f"guess-{n}")
    database = await sql("gateway")
    rows = await database.fetch(
        "SELECT action, actor, details FROM audit_log WHERE object = $1 ORDER BY id OFFSET 3",
        f"account:{account['id']}",
    )
    expected = ["signed_in", "signed_out", *["sign_in.refused"] * 9, "sign_in.locked"]
    assert [row["action"] for row in rows] == expected
    assert [row["actor"] for row in rows] == [account["id"]] * 2 + ["unknown"] * 10
    assert "127.0.0.1" not in str([row["details"] for row in rows])


async def test_a_name_that_is_no_account_is_not_written_down(
    client: httpx.AsyncClient, sql: Any
) -> None:
    typed = f"13800{uuid4().int % 10**6:06d}"
    await sign_in(client, {"name": typed, "password": "x"})
    database = await sql("gateway")
    rows = await database.fetch("SELECT l::text AS entry FROM audit_log l")
    assert rows
    assert not any(typed in row["entry"] for row in rows)
