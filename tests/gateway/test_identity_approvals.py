"""The second person of an identity: reads the document, agrees or declines, finds what waits."""

from typing import Any

import httpx
import pytest

from services.gateway.guessing.rules import ATTEMPTS_ALLOWED
from tests.conftest import Headers
from tests.gateway.identifying import an_id_number, approve, identify, numbers
from tests.gateway.test_sign_in import new_account, sign_in
from tests.paging import walked
from tests.provoking import provokes


@provokes("approve_account_identity", "identity-differs")
@pytest.mark.parametrize("wrong", ["number", "phone", "no number", "no phone"])
async def test_the_second_person_reads_the_numbers_from_the_document_and_is_not_shown_them(
    client: httpx.AsyncClient, as_: Headers, sql: Any, wrong: str
) -> None:
    """Whoever typed another's number would otherwise have it approved unread."""
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()
    wanted = {"name": "张三", "phone": "13800138000", "id_number": number}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    read = numbers(wanted)
    match wrong:
        case "number":
            read["id_number"] = an_id_number()
        case "phone":
            read["phone"] = "13800138001"
        case "no number":
            del read["id_number"]
        case "no phone":
            del read["phone"]
    answer = await approve(client, as_, account, **read)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/identity-differs")
    assert not [value for value in wanted.values() if value in answer.text]
    acts = await (await sql("gateway")).fetch(
        "SELECT actor, action, details FROM audit_log WHERE object = $1 ORDER BY id DESC LIMIT 1",
        f"account:{account}",
    )
    assert [(act["actor"], act["action"]) for act in acts] == [
        ("second-admin", "account.identity_differed")
    ]
    assert number[6:] not in acts[0]["details"]

    typed = {"phone": "+86 138-0013-8000", "id_number": f" {number.lower()}"}
    done = await approve(client, as_, account, **typed)
    assert (done.status_code, done.json()["state"]) == (200, "verified"), "however it is typed"


@provokes("approve_account_identity", "locked-out")
async def test_nobody_tries_out_the_digits_that_are_hidden(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    wanted = {"name": "张三", "phone": "13800138000"}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    for n in range(ATTEMPTS_ALLOWED):
        guess = await approve(client, as_, account, phone=f"1380100800{n}")
        assert guess.status_code == 409
    for by in ("second-admin", "third-admin"):
        answer = await approve(client, as_, account, by, phone="13800138000")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/locked-out")
    assert int(answer.headers["retry-after"]) > 800


async def test_a_stranger_who_signs_in_as_something_else_uses_up_no_attempt_at_it(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    wanted = {"name": "张三", "phone": "13800138000"}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    for name in (account, f"identity:{account}"):
        for _ in range(ATTEMPTS_ALLOWED + 1):
            await sign_in(client, {"name": name}, "not-the-password")
    assert (await approve(client, as_, account, phone="13800138000")).is_success


async def test_an_approval_that_says_no_number_is_refused_with_the_reason(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = (await new_account(client, as_, "citizen"))["id"]
    wanted = {"name": "张三", "phone": "13800138000"}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    answer = await approve(client, as_, account)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body"]


@provokes("withdraw_identity_proposal", "own-grant", "state-conflict")
async def test_what_waits_is_listed_and_can_be_declined(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()
    wanted = {"name": "张三", "id_number": number}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    assert account in [each["account_id"] for each in await listed(client, as_, "pending")]

    url = f"/api/v1/accounts/{account}/identity/proposal"
    other = as_("admin", "*", sub="second-admin")
    refused = [
        await client.delete(url, headers=as_("admin", "*", sub=account)),
        await client.delete(url, headers={**other, "If-Match": '"7"'}),
        await client.delete(url, headers=as_("clerk", "H001")),
    ]
    assert [answer.status_code for answer in refused] == [403, 409, 403]
    done = await client.delete(url, params={"reason": "not_them"}, headers=other)
    assert (done.status_code, done.content) == (204, b"")
    assert account not in [each["account_id"] for each in await listed(client, as_, "pending")]
    assert (await client.delete(url, headers=other)).status_code == 404
    assert (await client.get(url.removesuffix("/proposal"), headers=other)).status_code == 404
    act = await (await sql("gateway")).fetchrow(
        "SELECT actor, action, details ->> 'reason' AS reason FROM audit_log"
        " WHERE object = $1 ORDER BY id DESC LIMIT 1",
        f"account:{account}",
    )
    assert tuple(act) == ("second-admin", "account.identity_withdrawn", "not_them")


async def test_a_proposal_whose_number_was_taken_meanwhile_can_be_withdrawn(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    number = an_id_number()
    first, late = [(await new_account(client, as_, "citizen"))["id"] for _ in range(2)]
    for account in (first, late):
        wanted = {"name": "张三", "id_number": number}
        assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    assert (await approve(client, as_, first, id_number=number)).is_success
    taken = await approve(client, as_, late, id_number=number)
    assert taken.json()["type"] == "/problems/identity-taken"
    url = f"/api/v1/accounts/{late}/identity/proposal"
    done = await client.delete(url, params={"reason": "taken"}, headers=as_("admin", "*"))
    assert done.status_code == 204
    assert late not in [each["account_id"] for each in await listed(client, as_, "pending")]


async def test_only_who_may_see_identities_lists_them_masked(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account, number = (await new_account(client, as_, "citizen"))["id"], an_id_number()
    wanted = {"name": "张三", "phone": "13800138000", "id_number": number}
    assert (await identify(client, as_("admin", "*"), account, **wanted)).is_success
    for role in ("citizen", "clerk"):
        answer = await client.get("/api/v1/account-identities", headers=as_(role, "*"))
        assert answer.status_code == 403
    [mine] = [e for e in await listed(client, as_, "pending") if e["account_id"] == account]
    assert (mine["name"], mine["phone"], mine["state"]) == ("张*", "138****8000", "pending")
    assert number[3:17] not in str(mine)
    assert (await approve(client, as_, account, **numbers(wanted))).is_success
    assert account in [each["account_id"] for each in await listed(client, as_, "verified")]


async def listed(client: httpx.AsyncClient, as_: Headers, state: str) -> list[dict[str, Any]]:
    """All of the list, page by page."""
    path, auditor = "/api/v1/account-identities", as_("auditor", "*")
    return await walked(client, path, auditor, limit=50, state=state)
