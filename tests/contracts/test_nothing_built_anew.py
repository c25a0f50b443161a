"""What a service needs again it keeps: no request builds a class, an adapter or a pattern."""

import gc
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from shared.security.identity import ROLES
from shared.web import serve
from tests.support import Tokens

REQUESTS = 700


@contextmanager
def built(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts what is made at run time though it could be kept: it costs more than a request."""
    counted: Counter[str] = Counter()

    def counts(owner: Any, name: str, says: Any) -> None:
        original = getattr(owner, name)

        def count(*given: Any, **named: Any) -> Any:
            counted[says(given)] += 1
            return original(*given, **named)

        patch.setattr(owner, name, count)

    with monkeypatch.context() as patch:
        counts(type(BaseModel), "__new__", lambda given: f"class {given[1]}")
        counts(TypeAdapter, "__init__", lambda given: f"adapter of {given[1]}")
        counts(re._compiler, "compile", lambda given: f"pattern {given[0]}")  # type: ignore[attr-defined]
        yield counted


def test_the_count_sees_what_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    with built(monkeypatch) as counted:
        type("Made", (BaseModel,), {})
        TypeAdapter(list[int])
        re.compile("never said before 4711")
    assert set(counted) == {
        "class Made",
        f"adapter of {list[int]}",
        "pattern never said before 4711",
    }


@pytest.fixture
def services(
    appointments: httpx.AsyncClient, projects: httpx.AsyncClient, feedback: httpx.AsyncClient
) -> dict[str, httpx.AsyncClient]:
    return {"appointments": appointments, "projects": projects, "feedback": feedback}


@pytest.mark.parametrize("service", ["appointments", "projects", "feedback"])
async def test_no_request_builds_what_could_be_kept(
    service: str,
    services: dict[str, httpx.AsyncClient],
    tokens: Tokens,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = services[service]
    asked = list(_asked((await client.get("/openapi.json")).json()))
    assert len(asked) > 30
    callers = [tokens("citizen"), tokens("admin", "*", roles=list(ROLES))]

    async def ask() -> None:
        for (method, path), token in product(asked, callers):
            body: dict[str, str] | None = {} if method in ("POST", "PUT") else None
            signed = {"Authorization": f"Bearer {token}"}
            answer = await client.request(method, path, json=body, headers=signed)
            assert answer.status_code < 500, answer.text

    await ask()
    with built(monkeypatch) as counted:
        await ask()
    assert not counted


def _asked(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every operation, of what is not there; what is written is refused for its empty body."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            lacks_body = method in ("post", "put") and "requestBody" in operation
            media = operation.get("requestBody", {}).get("content", {"application/json": {}})
            if (method == "get" or lacks_body) and "application/json" in media:
                yield method.upper(), re.sub(r"\{[^}]+\}", "NOBODY", path)


async def test_no_request_waits_until_all_that_lives_is_looked_at(
    appointments: httpx.AsyncClient,
) -> None:
    before = gc.get_threshold()
    serve.keep_what_is_loaded()
    try:
        assert gc.get_threshold() == serve.COLLECTED_AFTER
        full = gc.get_stats()[2]["collections"]
        for _ in range(REQUESTS):
            await appointments.get("/api/v1/halls/NOBODY")
        assert gc.get_stats()[2]["collections"] == full
    finally:
        gc.set_threshold(*before)
