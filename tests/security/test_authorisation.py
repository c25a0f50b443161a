"""Every operation with every role: what the document says is what happens (OWASP API 5:2023)."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from deploy.services import SERVICES
from shared.security.identity import ROLES
from tests.conftest import Headers
from tests.security.operations import Operation, operations

STREAMS = {"/api/v1/live/halls/{hall}"}
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)


async def status(client: httpx.AsyncClient, operation: Operation, headers: dict[str, str]) -> int:
    """The status of a request without content worth acting on."""
    body = b"{}" if operation.media == "application/json" else b"x=1"
    answer = await client.request(
        operation.method,
        operation.address,
        headers={**headers, "Content-Type": operation.media},
        content=None if operation.method == "GET" else body,
    )
    assert answer.status_code < 500, f"{operation}: {answer.text}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", str(operation)
    return answer.status_code


def test_every_operation_declares_who_may_call_it() -> None:
    assert len(operations()) > 100
    assert not [str(o) for o in operations() if not (o.roles or o.is_public)]
    assert not [str(o) for o in operations() if o.roles and o.is_public]
    assert all(operation.roles <= ROLES.keys() for operation in operations())


def of(service: str) -> list[Operation]:
    """The operations of a service. No test is made of each: every worker would ask every service
    for its document before it knew its tests."""
    found = [operation for operation in operations() if operation.service == service]
    assert found
    return found


@EVERY_SERVICE
async def test_only_the_declared_roles_get_in(
    service: str, everyone: Mapping[str, httpx.AsyncClient], as_: Headers
) -> None:
    signed = {role: as_(role, "*") for role in ROLES}
    wrong = [
        fault
        for operation in of(service)
        if not operation.is_public
        async for fault in _wrongly_answered(everyone[service], operation, signed)
    ]
    assert wrong == []


async def _wrongly_answered(
    client: httpx.AsyncClient, operation: Operation, signed: Mapping[str, dict[str, str]]
) -> AsyncIterator[str]:
    if (answered := await status(client, operation, {})) != 401:
        yield f"{operation}: {answered} without a token"
    for role in ROLES.keys() - operation.roles:
        if (answered := await status(client, operation, signed[role])) != 403:
            yield f"{operation}: {answered} for {role}"
    if operation.method == "GET":  # the others might do something
        for role in operation.roles:
            if (answered := await status(client, operation, signed[role])) in (401, 403):
                yield f"{operation}: {answered} for {role}"


@EVERY_SERVICE
async def test_public_reading_needs_no_token_but_refuses_a_bad_one(
    service: str, everyone: Mapping[str, httpx.AsyncClient]
) -> None:
    client, bad = everyone[service], {"Authorization": "Bearer forged"}
    read = [o for o in of(service) if o.is_public and o.method == "GET" and o.path not in STREAMS]
    shut = [str(o) for o in read if await status(client, o, {}) in (401, 403)]
    taken = [str(o) for o in read if await status(client, o, bad) != 401]
    assert (shut, taken) == ([], [])


@EVERY_SERVICE
async def test_a_body_that_an_operation_does_not_take_is_refused(
    service: str, everyone: Mapping[str, httpx.AsyncClient], as_: Headers
) -> None:
    """It would be ignored without a word; an empty object, as many clients send, is none."""
    bare = [o for o in of(service) if not o.takes_body and o.method != "GET"]
    wrong = [str(o) for o in bare if not await _refuses_a_body(everyone[service], o, as_)]
    assert wrong == []


async def _refuses_a_body(client: httpx.AsyncClient, operation: Operation, as_: Headers) -> bool:
    signed = as_(min(operation.roles), "*") if operation.roles else {}

    async def answer(content: bytes) -> httpx.Response:
        headers = {**signed, "Content-Type": "application/json"}
        return await client.request(
            operation.method, operation.address, headers=headers, content=content
        )

    refused = await answer(b'{"nobody": "knows"}')
    kind, pointers = refused.json().get("type"), [one["pointer"] for one in _errors(refused)]
    if (refused.status_code, kind, pointers) != (422, "/problems/invalid-request", ["/body"]):
        return False
    accepted = [await answer(none) for none in (b"", b"{ }")]
    return not any(error["pointer"] == "/body" for one in accepted for error in _errors(one))


def _errors(answer: httpx.Response) -> list[dict[str, str]]:
    if answer.headers.get("content-type") != "application/problem+json":
        return []
    found: list[dict[str, str]] = answer.json().get("errors") or []
    return found
