"""Every operation with every role: what the document says is what happens (OWASP API 5:2023)."""

from collections.abc import Mapping

import httpx
import pytest

from shared.security.identity import ROLES
from tests.conftest import Headers
from tests.security.operations import Operation, operations

STREAMS = {"/api/v1/live/halls/{hall}"}


async def status(client: httpx.AsyncClient, operation: Operation, headers: dict[str, str]) -> int:
    """The status of a request without content worth acting on."""
    body = b"{}" if operation.media == "application/json" else b"x=1"
    answer = await client.request(
        operation.method,
        operation.address,
        headers={**headers, "Content-Type": operation.media},
        content=None if operation.method == "GET" else body,
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


def test_every_operation_declares_who_may_call_it() -> None:
    assert len(operations()) > 100
    assert not [str(o) for o in operations() if not (o.roles or o.is_public)]
    assert not [str(o) for o in operations() if o.roles and o.is_public]
    assert all(operation.roles <= ROLES.keys() for operation in operations())


@pytest.mark.parametrize("operation", [o for o in operations() if not o.is_public], ids=str)
async def test_only_the_declared_roles_get_in(
    operation: Operation, everyone: Mapping[str, httpx.AsyncClient], as_: Headers
) -> None:
    client = everyone[operation.service]
    assert await status(client, operation, {}) == 401
    for role in ROLES.keys() - operation.roles:
        assert await status(client, operation, as_(role, "*")) == 403, role
    if operation.method == "GET":  # the others might do something
        for role in operation.roles:
            assert await status(client, operation, as_(role, "*")) not in (401, 403), role


@pytest.mark.parametrize(
    "operation",
    [o for o in operations() if o.is_public and o.method == "GET" and o.path not in STREAMS],
    ids=str,
)
async def test_public_reading_needs_no_token_but_refuses_a_bad_one(
    operation: Operation, everyone: Mapping[str, httpx.AsyncClient]
) -> None:
    client = everyone[operation.service]
    assert await status(client, operation, {}) not in (401, 403)
    assert await status(client, operation, {"Authorization": "Bearer forged"}) == 401


@pytest.mark.parametrize(
    "operation", [o for o in operations() if not o.takes_body and o.method != "GET"], ids=str
)
async def test_a_body_that_an_operation_does_not_take_is_refused(
    operation: Operation, everyone: Mapping[str, httpx.AsyncClient], as_: Headers
) -> None:
    """It would be ignored without a word; an empty object, as many clients send, is none."""
    client = everyone[operation.service]
    signed = as_(min(operation.roles), "*") if operation.roles else {}

    async def answer(content: bytes) -> httpx.Response:
        headers = {**signed, "Content-Type": "application/json"}
        return await client.request(
            operation.method, operation.address, headers=headers, content=content
        )

    refused = await answer(b'{"nobody": "knows"}')
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-request")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/body"]
    for none in (b"", b"{ }"):
        accepted = await answer(none)
        assert "/body" not in [e["pointer"] for e in _errors(accepted)], accepted.text


def _errors(answer: httpx.Response) -> list[dict[str, str]]:
    if answer.headers.get("content-type") != "application/problem+json":
        return []
    found: list[dict[str, str]] = answer.json().get("errors") or []
    return found
