"""Administration of accounts: separated from the trade, and from itself."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Headers
from tests.gateway.test_sign_in import new_account, refresh, sign_in
from tests.provoking import provokes
from tests.support import Tokens


async def test_a_disabled_account_cannot_sign_in_or_refresh(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    admin = as_("admin", "*")
    account = await new_account(client, as_, "clerk", "H001")
    token = (await sign_in(client, account)).json()["refresh_token"]
    path = f"/api/v1/accounts/{account['id']}"

    seen = {"version": account["version"]}
    disabled = await client.post(f"{path}/disable", json=seen, headers=admin)
    assert (disabled.status_code, disabled.json()["state"]) == (200, "disabled")
    assert (await sign_in(client, account)).status_code == 400
    assert (await refresh(client, token)).status_code == 400

    seen = {"version": disabled.json()["version"]}
    enabled = await client.post(f"{path}/enable", json=seen, headers=admin)
    assert enabled.json()["version"] == seen["version"] + 1
    assert (await sign_in(client, account)).status_code == 200


@provokes("disable_account", "state-conflict")
async def test_a_lost_race_names_the_present_state(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path = f"/api/v1/accounts/{account['id']}/disable"
    for expected in (200, 409):
        seen = {"version": account["version"]}
        answer = await client.post(path, json=seen, headers=as_("admin", "*"))
        assert answer.status_code == expected
    assert (answer.json()["state"], answer.json()["version"]) == ("disabled", seen["version"] + 1)


async def test_new_grants_end_the_old_sign_ins(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    token = (await sign_in(client, account)).json()["refresh_token"]
    granted = await client.put(
        f"/api/v1/accounts/{account['id']}/grants",
        json={"roles": ["hall_manager"], "places": ["H002"], "version": account["version"]},
        headers=as_("admin", "*"),
    )
    assert (granted.json()["roles"], granted.json()["places"]) == (["hall_manager"], ["H002"])
    assert (await refresh(client, token)).status_code == 400
    assert (await sign_in(client, account)).json()["scope"] == "hall_manager"


@pytest.mark.parametrize(
    "action",
    [
        pytest.param("grants", marks=provokes("grant_account", "own-grant")),
        pytest.param("disable", marks=provokes("disable_account", "own-grant")),
        pytest.param("enable", marks=provokes("enable_account", "own-grant")),
    ],
)
async def test_an_administrator_changes_nothing_of_itself(
    client: httpx.AsyncClient, as_: Headers, action: str
) -> None:
    account = await new_account(client, as_, "admin", "*")
    path = f"/api/v1/accounts/{account['id']}/{action}"
    wanted: dict[str, Any] = {"version": 1}
    wanted |= {"roles": ["auditor"], "places": ["*"]} if action == "grants" else {}
    method = client.put if action == "grants" else client.post
    answer = await method(path, json=wanted, headers=as_("admin", "*", sub=account["id"]))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-grant")


@provokes("create_account", "roles-exclude")
@pytest.mark.parametrize(
    "roles",
    [
        ["admin", "auditor"],
        ["admin", "clerk"],
        ["auditor", "officer"],
        ["officer", "reviewer"],
        ["dispatcher", "supervisor", "officer"],
        ["dispatcher", "officer"],
        ["dispatcher", "supervisor"],
        ["officer", "supervisor"],
        ["citizen", "clerk"],
        ["system", "admin"],
    ],
)
async def test_roles_that_exclude_each_other_are_not_given_together(
    client: httpx.AsyncClient, as_: Headers, roles: list[str]
) -> None:
    wanted = {"account": f"t{uuid4().hex[:12]}", "roles": roles, "places": ["*"]}
    answer = await client.post("/api/v1/accounts", json=wanted, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/roles-exclude")


@pytest.mark.parametrize(
    "role", ["citizen", "clerk", "hall_manager", "officer", "auditor", "system"]
)
async def test_only_administrators_make_accounts(
    client: httpx.AsyncClient, as_: Headers, role: str
) -> None:
    wanted = {"account": f"t{uuid4().hex[:12]}", "roles": ["clerk"], "places": ["*"]}
    answer = await client.post("/api/v1/accounts", json=wanted, headers=as_(role, "*"))
    assert answer.status_code == 403


@provokes("create_account", "account-taken")
async def test_a_name_is_taken_once(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    wanted = {"account": account["name"], "roles": ["clerk"], "places": ["H001"]}
    answer = await client.post("/api/v1/accounts", json=wanted, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/account-taken")


async def test_lists_page_by_page_without_passwords(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    for _ in range(3):
        await new_account(client, as_, "clerk", "H001")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = await client.get("/api/v1/accounts", params=query, headers=as_("auditor", "*"))
        assert "password" not in answer.text
        seen += [item["name"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(set(seen))
    assert len(seen) >= 3


async def test_every_act_is_in_the_audit_log(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    path = f"/api/v1/accounts/{account['id']}"
    seen = {"version": account["version"]}
    await client.post(f"{path}/disable", json=seen, headers=as_("admin", "*"))
    database = await sql("gateway")
    rows = await database.fetch(
        "SELECT action, actor FROM audit_log WHERE object = $1 ORDER BY id",
        f"account:{account['id']}",
    )
    assert [tuple(row) for row in rows] == [
        ("account.created", "admin-test"),
        ("password_link.issued", "admin-test"),
        ("password.set_by_link", "link of admin-test"),
        ("account.disabled", "admin-test"),
    ]


@provokes("create_account", "unknown-places")
@pytest.mark.parametrize("places", [["H999"], ["H001", "D99"], ["*", "h001"]])
async def test_a_place_that_does_not_exist_is_not_granted(
    client: httpx.AsyncClient, as_: Headers, places: list[str]
) -> None:
    wanted = {"account": f"t{uuid4().hex[:12]}", "roles": ["clerk"], "places": places}
    answer = await client.post("/api/v1/accounts", json=wanted, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-places")
    assert answer.json()["unknown"] == [places[-1]]


async def test_a_supervisor_acts_for_the_halls_of_an_area(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "supervisor", "NJ")
    wanted = {"roles": ["supervisor"], "places": ["H001", "NJ"], "version": account["version"]}
    path = f"/api/v1/accounts/{account['id']}/grants"
    granted = await client.put(path, json=wanted, headers=as_("admin", "*"))
    assert granted.json()["places"] == ["H001", "NJ"]


async def test_a_citizen_acts_for_no_hall(
    client: httpx.AsyncClient, as_: Headers, tokens: Tokens
) -> None:
    wanted = {"name": f"t{uuid4().hex[:12]}", "roles": ["citizen"], "places": ["H001"]}
    refused = await client.post("/api/v1/accounts", json=wanted, headers=as_("admin", "*"))
    assert refused.json()["errors"][0]["pointer"] == "/body/places"
    account = await new_account(client, as_, "clerk", "H001")
    wanted = {"roles": ["citizen"], "places": ["H001"], "version": account["version"]}
    path = f"/api/v1/accounts/{account['id']}/grants"
    refused = await client.put(path, json=wanted, headers=as_("admin", "*"))
    assert refused.json()["errors"][0]["pointer"] == "/body/places"
    of_before = {"Authorization": f"Bearer {tokens('citizen', 'H001')}"}
    assert (await client.get("/api/v1/auth/me", headers=of_before)).json()["places"] == []


@provokes("grant_account", "unknown-places")
async def test_an_unknown_place_is_not_granted_later_either(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    wanted = {"roles": ["clerk"], "places": ["H999"], "version": account["version"]}
    path = f"/api/v1/accounts/{account['id']}/grants"
    answer = await client.put(path, json=wanted, headers=as_("admin", "*"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-places")


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "UPPER", "roles": ["clerk"], "places": []},
        {"account": "ok-name", "roles": ["king"], "places": []},
        {"account": "ok-name", "roles": [], "places": []},
        {"account": "ok-name", "roles": ["clerk"], "places": ["a b"]},
        {"account": "ok-name", "roles": ["clerk"], "places": [], "is_demo": True},
    ],
)
async def test_wrong_input_is_named(
    client: httpx.AsyncClient, as_: Headers, wrong: dict[str, Any]
) -> None:
    answer = await client.post("/api/v1/accounts", json=wrong, headers=as_("admin", "*"))
    assert answer.status_code == 422
    assert answer.json()["errors"]
