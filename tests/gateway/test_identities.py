"""Whom an account belongs to: checked by somebody else, sealed, and published as digests alone."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.security.crypto import Keyring
from tests import support
from tests.conftest import Headers
from tests.gateway.identifying import PERSON, an_id_number, approve, identify, verified
from tests.gateway.test_sign_in import new_account
from tests.provoking import provokes


async def test_an_identity_is_shown_masked_and_counts_its_checks(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()

    first = await verified(client, as_, account, **{**PERSON, "id_number": number.lower()})
    again = await verified(client, as_, account, name="李四", phone="025-84700000")
    url = f"/api/v1/accounts/{account}/identity"
    seen = (await client.get(url, headers=as_("auditor", "*"))).json()

    shown = {"name": "张**", "phone": "138****8000", "id_number": f"110{'*' * 14}{number[-1]}"}
    who = {"verified_by": "admin-test", "approved_by": "second-admin", "state": "verified"}
    assert first == first | {**shown, **who, "version": 1, "replaces": None}
    assert again == seen
    assert (seen["name"], seen["id_number"], seen["version"]) == ("李*", None, 2)
    third = await identify(client, as_("admin", "*"), account, name="王五", phone="025-84700000")
    assert third.json()["version"] == 3, "an approval of what was seen earlier would count for it"


async def test_no_plain_word_of_it_is_stored_or_published(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()
    await identify(client, as_("admin", "*"), account, **{**PERSON, "id_number": number})
    database = await sql("gateway")
    waits = await database.fetchrow(
        "SELECT * FROM identity_proposal WHERE account_id = $1", UUID(account)
    )
    read = {"phone": PERSON["phone"], "id_number": number}
    assert (await approve(client, as_, account, **read)).status_code == 200

    row = await database.fetchrow(
        "SELECT * FROM account_identity WHERE account_id = $1", UUID(account)
    )
    [body] = await database.fetch(
        "SELECT body FROM outbox WHERE subject = 'gateway.account.identified.v1._'"
        " AND position(convert_to($1, 'UTF8') IN body) > 0",
        account,
    )
    acts = await database.fetch("SELECT * FROM audit_log WHERE object = $1", f"account:{account}")
    kept = f"{dict(waits)}{dict(row)}{body['body'].decode()}{[dict(act) for act in acts]}"

    assert not [
        word for word in ("张三丰", "13800138000", "138 0013 8000", number[:17]) if word in kept
    ]
    assert "account.identified" in [act["action"] for act in acts]


async def test_the_digests_are_those_by_which_every_service_knows_the_person(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    await verified(client, as_, account, name="张三", phone="+86 13800138000")

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

    answer = await identify(client, as_("admin", "*", sub=account), account)

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-grant")


@pytest.mark.parametrize("role", ["citizen", "clerk", "hall_manager", "auditor", "device"])
async def test_only_an_administrator_identifies(
    client: httpx.AsyncClient, as_: Headers, role: str
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    assert (await identify(client, as_(role, "*"), account)).status_code == 403


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

    answer = await identify(client, as_("admin", "*"), account, **wanted)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_account_that_is_not_there_has_no_identity(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    admin, account = as_("admin", "*"), (await new_account(client, as_, "citizen"))["id"]

    assert (await identify(client, admin, uuid4())).status_code == 404
    url = f"/api/v1/accounts/{account}/identity"
    assert (await client.get(url, headers=admin)).status_code == 404


@provokes("approve_account_identity", "four-eyes", "own-grant", "state-conflict")
async def test_no_administrator_gives_an_account_a_number_alone(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    """With another's number, an account of one's own would see and cancel what is the other's."""
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()
    url = f"/api/v1/accounts/{account}/identity"
    waits = (
        await identify(client, as_("admin", "*"), account, name="张三", id_number=number)
    ).json()
    assert (waits["state"], waits["approved_by"]) == ("pending", None)

    database = await sql("gateway")
    said = (
        "SELECT count(*) FROM outbox WHERE subject = 'gateway.account.identified.v1._'"
        " AND position(convert_to($1, 'UTF8') IN body) > 0"
    )
    refused = [
        (await approve(client, as_, account, by, id_number=number)).json()["type"]
        for by in ("admin-test", account)
    ]
    seen = {"version": 2, "id_number": number}
    stale = await client.post(
        f"{url}/approve", json=seen, headers=as_("admin", "*", sub="second-admin")
    )
    assert refused == ["/problems/four-eyes", "/problems/own-grant"]
    assert (stale.status_code, stale.json()["state"]) == (409, "pending")
    assert await database.fetchval(said, account) == 0

    done = (await approve(client, as_, account, id_number=number)).json()
    assert (done["state"], done["approved_by"]) == ("verified", "second-admin")
    assert await database.fetchval(said, account) == 1
    nothing = await client.post(f"{url}/approve", json=seen, headers=as_("admin", "*"))
    assert nothing.status_code == 404


async def test_what_counted_before_is_shown_and_counts_until_the_correction_is_approved(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    await verified(client, as_, account, name="张三", phone="13800138000")
    await identify(client, as_("admin", "*"), account, name="李四", phone="13900139000")
    url = f"/api/v1/accounts/{account}/identity"
    seen = (await client.get(url, headers=as_("auditor", "*"))).json()
    assert (seen["state"], seen["name"]) == ("pending", "李*")
    assert seen["replaces"] == {"name": "张*", "phone": "138****8000", "id_number": None}


@provokes("identify_account", "identity-taken")
@provokes("approve_account_identity", "identity-taken")
async def test_a_number_has_one_account_however_many_ask_for_it_at_once(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    number = an_id_number()
    people = [(await new_account(client, as_, "citizen"))["id"] for _ in range(4)]
    for account in people:
        answer = await identify(client, as_("admin", "*"), account, name="张三", id_number=number)
        assert answer.status_code == 200, answer.text

    answers = await asyncio.gather(
        *(approve(client, as_, account, id_number=number) for account in people)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    taken = {answer.json().get("type") for answer in answers if answer.status_code == 409}
    assert taken == {"/problems/identity-taken"}

    late = (await new_account(client, as_, "citizen"))["id"]
    spelled = number.lower()
    answer = await identify(client, as_("admin", "*"), late, name="张三", id_number=spelled)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/identity-taken")


async def test_an_account_of_a_demonstration_is_identified_at_once(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "citizen")
    database = await sql("gateway")
    await database.execute("UPDATE account SET is_demo = true WHERE id = $1", account["id"])
    wanted = {"name": "张三", "phone": "13800138000"}
    done = (await identify(client, as_("admin", "*"), account["id"], **wanted)).json()
    # Outside the demonstration's own place no gateway would start beside such an account.
    await database.execute("UPDATE account SET is_demo = false WHERE id = $1", account["id"])
    assert (done["state"], done["version"], done["approved_by"]) == ("verified", 1, None)
