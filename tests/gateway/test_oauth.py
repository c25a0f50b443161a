"""What OAuth clients rely on: RFC 6749, 6750 and 7009."""

import httpx
import pytest

from tests.conftest import Headers
from tests.gateway.test_sign_in import new_account, refresh, sign_in
from tests.provoking import provokes


async def test_systems_sign_in_with_their_secret_in_form_or_header(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    account = await new_account(client, as_, "system", "*")
    name, secret = account["name"], account["password"]
    form = {"grant_type": "client_credentials"}
    by_form = await client.post(
        "/api/v1/auth/token", data={**form, "client_id": name, "client_secret": secret}
    )
    by_header = await client.post("/api/v1/auth/token", data=form, auth=(name, secret))
    for answer in (by_form, by_header):
        assert answer.status_code == 200, answer.text
        assert answer.json()["refresh_token"] is None
        assert answer.json()["scope"] == "system"


@provokes("issue_token", "invalid-client", "unauthorized-client")
async def test_people_are_no_clients(client: httpx.AsyncClient, as_: Headers) -> None:
    account = await new_account(client, as_, "clerk", "H001")
    form = {"grant_type": "client_credentials"}
    for secret, status, error in (
        (account["password"], 400, "unauthorized_client"),
        ("wrong", 401, "invalid_client"),
    ):
        answer = await client.post("/api/v1/auth/token", data=form, auth=(account["name"], secret))
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@provokes("issue_token", "invalid-token-request")
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": ""},
        {"grant_type": "password"},
        {"grant_type": "password", "username": "", "password": "y"},
        {"grant_type": ["password", "password"], "username": "x", "password": "y"},
        {"grant_type": "password", "username": "x"},
        {"grant_type": "refresh_token"},
    ],
)
async def test_names_the_parameter_that_is_missing(
    client: httpx.AsyncClient, form: dict[str, str]
) -> None:
    answer = await client.post("/api/v1/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/v1/auth/token", "/api/v1/auth/revoke"])
@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/x-www-form-urlencoded", b"grant_type=password&username=a%00b&password=y"),
        ("application/x-www-form-urlencoded", b"grant_type=password&username=a\0b&password=y"),
        ("application/x-www-form-urlencoded", b"token=a%00b"),
        ("application/x-www-form-urlencoded", b"na%00me=1&na%00me=2"),
        ("application/json", b'{"grant_type": "password", "username": "a", "password": "b"}'),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("text/plain", b"grant_type=password"),
        (None, b"grant_type=password"),
    ],
)
async def test_what_is_no_form_is_refused_as_clients_of_oauth_know_it(
    client: httpx.AsyncClient, path: str, media: str | None, body: bytes
) -> None:
    """RFC 6749 section 5.2: 400, `invalid_request`, and a description in plain ASCII."""
    headers = {} if media is None else {"Content-Type": media}
    answer = await client.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].isascii()


@provokes("issue_token", "unsupported-grant-type")
async def test_an_unknown_grant_is_named_and_an_unknown_parameter_is_ignored(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    answer = await client.post("/api/v1/auth/token", data={"grant_type": "implicit"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")

    account = await new_account(client, as_, "citizen")
    proof = {"username": account["name"], "password": account["password"]}
    form = {"grant_type": "password", **proof, "roles": "admin", "resource": "urn:x"}
    answer = await client.post("/api/v1/auth/token", data=form)
    assert (answer.status_code, answer.json()["scope"]) == (200, "citizen")


@provokes("revoke_token", "invalid-token-request")
@pytest.mark.parametrize("hint", ["access_token", "unheard_of", None])
async def test_revoking_an_access_token_ends_its_sign_in(
    client: httpx.AsyncClient, as_: Headers, hint: str | None
) -> None:
    told = (await sign_in(client, await new_account(client, as_, "citizen"))).json()
    form = {"token": told["access_token"], **({"token_type_hint": hint} if hint else {})}
    assert (await client.post("/api/v1/auth/revoke", data=form)).status_code == 200
    assert (await refresh(client, told["refresh_token"])).status_code == 400
    assert (await client.post("/api/v1/auth/revoke", data=form)).status_code == 200
    missing = await client.post("/api/v1/auth/revoke", data={"token_type_hint": "access_token"})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


async def test_a_refusal_says_in_its_header_how_to_do_better(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    without = await client.get("/api/v1/auth/me")
    forged = await client.get("/api/v1/auth/me", headers={"Authorization": "Bearer forged"})
    other = await client.get("/api/v1/accounts", headers=as_("clerk", "H001"))
    challenges = [answer.headers["www-authenticate"] for answer in (without, forged, other)]
    assert challenges[0] == "Bearer"
    assert challenges[1].startswith('Bearer error="invalid_token"')
    assert challenges[2] == 'Bearer error="insufficient_scope"'
