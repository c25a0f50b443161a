"""Whom an account belongs to: checked by somebody else, sealed, and published as digests alone."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.security.crypto import Keyring
from tests import support
from tests.conftest import Headers
from tests.gateway.test_sign_in import new_account
from tests.provoking import provokes

PERSON = {"name": "张三丰", "phone": "138 0013 8000", "id_number": "11010519491231002x"}


async def _identify(
    client: httpx.AsyncClient, headers: dict[str, str], account: Any, **wanted: Any
) -> httpx.Response:
    url = f"/api/v1/accounts/{account}/identity"
    return await client.put(url, json=wanted or PERSON, headers=headers)


async def test_an_identity_is_shown_masked_and_counts_its_checks(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]

    first = await _identify(client, as_("admin", "*"), account)
    again = await _identify(client, as_("admin", "*"), account, name="李四", phone="025-84700000")
    url = f"/api/v1/accounts/{account}/identity"
    seen = (await client.get(url, headers=as_("auditor", "*"))).json()

    assert first.status_code == 200, first.text
    shown = {"name": "张**", "phone": "138****8000", "id_number": "110**************X"}
    assert first.json() == first.json() | {**shown, "version": 1, "verified_by": "admin-test"}
    assert again.json() == seen
    assert (seen["name"], seen["id_number"], seen["version"]) == ("李*", None, 2)


async def test_no_plain_word_of_it_is_stored_or_published(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    await _identify(client, as_("admin", "*"), account)

    database = await sql("gateway")
    row = await database.fetchrow(
        "SELECT * FROM account_identity WHERE account_id = $1", UUID(account)
    )
    [body] = await database.fetch(
        "SELECT body FROM outbox WHERE subject = 'gateway.account.identified.v1._'"
        " AND position(convert_to($1, 'UTF8') IN body) > 0",
        account,
    )
    acts = await database.fetch("SELECT * FROM audit_log WHERE object = $1", f"account:{account}")
    kept = f"{dict(row)}{body['body'].decode()}{[dict(act) for act in acts]}"

    assert not [
        word
        for word in ("张三丰", "13800138000", "138 0013 8000", "11010519491231002")
        if word in kept
    ]
    assert "account.identified" in [act["action"] for act in acts]


async def test_the_digests_are_those_by_which_every_service_knows_the_person(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    await _identify(client, as_("admin", "*"), account, name="张三", phone="+86 13800138000")

    bodies = await (await sql("gateway")).fetch(
        "SELECT body FROM outbox WHERE subject = 'gateway.account.identified.v1._'"
    )
    [data] = [
        data
        for data in (json.loads(row["body"])["data"] for row in bodies)
        if data["account_id"] == account
    ]

    keyring = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)
    assert data["phone_index"] == keyring.phone_index("13800138000", where="person.phone")
    assert data.get("document_index") is None
    assert data["version"] == 1


@provokes("identify_account", "own-grant")
async def test_nobody_identifies_themselves(client: httpx.AsyncClient, as_: Headers) -> None:
    account = (await new_account(client, as_, "admin", "*"))["id"]

    answer = await _identify(client, as_("admin", "*", sub=account), account)

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-grant")


@pytest.mark.parametrize("role", ["citizen", "clerk", "hall_manager", "auditor", "device"])
async def test_only_an_administrator_identifies(
    client: httpx.AsyncClient, as_: Headers, role: str
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    assert (await _identify(client, as_(role, "*"), account)).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"name": "张三"}, "/body"),
        ({"name": " ", "phone": "13800138000"}, "/body/name"),
        ({"name": "张三", "phone": "call me"}, "/body/phone"),
        ({"name": "张三", "id_number": "110105194912310021"}, "/body/id_number"),
        ({"name": "张三", "phone": "13800138000", "sex": "m"}, "/body/sex"),
    ],
)
async def test_what_does_not_say_who_it_is_is_refused(
    client: httpx.AsyncClient, as_: Headers, wanted: dict[str, str], pointer: str
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]

    answer = await _identify(client, as_("admin", "*"), account, **wanted)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_account_that_is_not_there_has_no_identity(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    admin, account = as_("admin", "*"), (await new_account(client, as_, "citizen"))["id"]

    assert (await _identify(client, admin, uuid4())).status_code == 404
    url = f"/api/v1/accounts/{account}/identity"
    assert (await client.get(url, headers=admin)).status_code == 404
