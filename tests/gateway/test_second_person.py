"""Privileged accounts: nothing about one counts before a second person agreed."""

from typing import Any

import httpx
import pytest

from tests.conftest import Headers
from tests.gateway.test_sign_in import approve, created, new_account, set_password, sign_in
from tests.provoking import provokes

BETTER = "Lotus-Pond-27"


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


async def test_what_was_done_to_an_ordinary_account_keeps_nobody_from_approving_its_promotion(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    """Of two administrators each had moved, disabled or enabled every clerk at some time."""
    account = await new_account(client, as_, "clerk", "H001")
    path = f"/api/v1/accounts/{account['id']}"

    async def do(by: str, step: str, **wanted: Any) -> None:
        admin = as_("admin", "*", sub=by)
        seen = {"version": (await client.get(path, headers=admin)).json()["version"], **wanted}
        send = client.put if step == "grants" else client.post
        answer = await send(f"{path}/{step}", json=seen, headers=admin)
        assert answer.is_success, answer.text

    await do("second-admin", "disable")
    await do("second-admin", "enable")
    await do("second-admin", "enable")
    await do("second-admin", "grants", roles=["clerk"], places=["H002"])
    await do("admin-test", "grants", roles=["reviewer"], places=["*"])
    assert (await approve(client, as_, account, "second-admin")).status_code == 200


async def test_an_account_that_both_administrators_acted_on_can_be_made_ordinary_and_promoted_anew(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path = f"/api/v1/accounts/{account['id']}"

    async def grant(by: str, role: str) -> None:
        admin = as_("admin", "*", sub=by)
        version = (await client.get(path, headers=admin)).json()["version"]
        wanted = {"version": version, "roles": [role], "places": ["*"]}
        answer = await client.put(f"{path}/grants", json=wanted, headers=admin)
        assert answer.is_success, answer.text

    await grant("second-admin", "reviewer")
    for by in ("admin-test", "second-admin"):
        assert (await approve(client, as_, account, by)).status_code == 409
    await grant("admin-test", "clerk")
    assert (await approve(client, as_, account, "second-admin")).status_code == 200
    await grant("second-admin", "reviewer")
    assert (await approve(client, as_, account, "admin-test")).status_code == 200
    assert (await sign_in(client, account)).json()["scope"] == "reviewer"


@provokes("approve_account", "password-not-set")
async def test_an_account_whose_link_ran_out_unused_is_not_approved(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await created(client, as_, "auditor", "*")
    past = "UPDATE password_link SET expires_at = now() WHERE account_id = $1"
    await (await sql("gateway")).execute(past, account["id"])
    early = await approve(client, as_, account, "second-admin")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/password-not-set")
