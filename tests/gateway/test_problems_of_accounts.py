"""What the administration of accounts refuses, where no other test comes by."""

from typing import Any

import httpx
import pytest

from tests.conftest import Headers
from tests.gateway.test_sign_in import new_account
from tests.provoking import provokes

CLERK = {"roles": ["clerk"], "places": ["H001"]}


@pytest.mark.parametrize(
    ("method", "action", "body", "kind"),
    [
        pytest.param(
            "PUT", "grants", {**CLERK, "version": 7}, "state-conflict",
            marks=provokes("grant_account", "state-conflict"),
        ),
        pytest.param(
            "PUT", "grants", {"roles": ["admin", "clerk"], "places": ["*"], "version": 1},
            "roles-exclude", marks=provokes("grant_account", "roles-exclude"),
        ),
        pytest.param(
            "POST", "enable", {"version": 7}, "state-conflict",
            marks=provokes("enable_account", "state-conflict"),
        ),
        pytest.param(
            "POST", "disable", {"version": 7}, "state-conflict",
            marks=provokes("disable_account", "state-conflict"),
        ),
        pytest.param(
            "POST", "password", {"version": 7}, "state-conflict",
            marks=provokes("reset_password", "state-conflict"),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_change_that_cannot_be_is_refused(
    client: httpx.AsyncClient,
    as_: Headers,
    method: str,
    action: str,
    body: dict[str, Any],
    kind: str,
    language: str,
) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    url = f"/api/v1/accounts/{account['id']}/{action}"
    headers = {**as_("admin", "*"), "Accept-Language": language}

    answer = await client.request(method, url, json=body, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (409, f"/problems/{kind}")
