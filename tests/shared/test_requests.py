"""What passes between a request and its answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Headers
from tests.provoking import provokes
from tests.shared import notes
from tests.shared.conftest import running
from tests.support import eventually

NOTES = "/api/v1/notes"
_WAITS_FOR = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"


async def _count(rows: asyncpg.Connection) -> tuple[int, int]:
    return (
        await rows.fetchval("SELECT count(*) FROM audit_log WHERE action = 'note.written'"),
        await rows.fetchval("SELECT count(*) FROM outbox"),
    )


@pytest.fixture(scope="module", params=["lean", "standard"])
async def house(notes_settings: Any, request: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The room on each of the two ways from the server to a route; nobody reads its events."""
    chosen = {"standard_stack": request.param == "standard", "background": False}
    async with running(notes_settings.model_copy(update=chosen)) as client:
        yield client


async def test_a_201_means_committed_with_its_event(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await _count(rows)
    answer = await house.post(NOTES, json={"words": "hello"}, headers=as_("citizen"))
    assert answer.status_code == 201, answer.text
    assert await _count(rows) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param("late", 409, marks=provokes("*", "conflict")),
        ("refuse", 409),
        pytest.param("defect", 500, marks=provokes("*", "internal")),
    ],
)
async def test_what_fails_even_at_commit_is_never_a_201(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection, words: str, status: int
) -> None:
    before = await _count(rows)
    answer = await house.post(NOTES, json={"words": words}, headers=as_("citizen"))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "KeyError" not in answer.text
    assert answer.headers.get("connection") == ("close" if status == 500 else None)
    assert await _count(rows) == before


async def test_a_problem_speaks_the_callers_language(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    zh = await house.post(NOTES, json={"words": "refuse"}, headers=as_("citizen"))
    english = as_("citizen") | {"Accept-Language": "en-GB,en;q=0.9"}
    en = await house.post(NOTES, json={"words": "refuse"}, headers=english)
    assert (zh.json()["title"], zh.json()["detail"]) == ("便签不被接受", "换个说法")
    assert en.json()["title"] == "The note is refused"
    assert en.json()["words_left"] == 3
    assert en.json()["request_id"] == en.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b'{"words": "a", "colour": 1}', 422, "/body/colour"),
        (b'{"words": 7}', 422, "/body/words"),
        (b'{"words": ""}', 422, "/body/words"),
        (b'{"words": "a", "count": 10}', 422, "/body/count"),
        (b'{"words": "a", "count": ' + b"9" * 4000 + b"}", 422, "/body/count"),
        (b'{"words": "a", "on": "2026-02-30T00:00:00Z"}', 422, "/body/on"),
        (b'{"words": "a", "on": "2026-02-20T00:00:00"}', 422, "/body/on"),
        (b'{"words": "a", "count": "2"}', 422, "/body/count"),
        (b'{"words": "a", "count": true}', 422, "/body/count"),
        (b'{"words": "a", "weight": "1.5"}', 422, "/body/weight"),
        (b'{"words": "a", "weight": true}', 422, "/body/weight"),
        (b'{"words": "a", "loud": 1}', 422, "/body/loud"),
        (b'{"words": "a", "loud": "yes"}', 422, "/body/loud"),
        (b'{"words": "a", "copies": [{"of": "1"}]}', 422, "/body/copies/0/of"),
        (b'{"words": "a", "on": 1767225600}', 422, "/body/on"),
        (b'{"words": "a", "on": "1767225600"}', 422, "/body/on"),
        (b'{"words": "a", "day": 20000}', 422, "/body/day"),
        (b'{"words": "a", "day": "1767225600"}', 422, "/body/day"),
        (b'{"words": "a", "day": "2026-01-01T00:00:00Z"}', 422, "/body/day"),
        (b'{"words": "a", "day": "2026-02-30"}', 422, "/body/day"),
        (b'{"words": "a", "words": "b"}', 422, "/body"),
        (b'{"words": "a", "copies": [{"of": 1, "of": 2}]}', 422, "/body"),
        pytest.param(b"{}", 422, "/body/words", marks=provokes("*", "invalid-request")),
        (b"", 422, "/body"),
        (b"[]", 422, "/body"),
        pytest.param(b'{"words": "a', 400, "/body", marks=provokes("*", "bad-request")),
        (b'{"words": "\xff\xfe"}', 400, "/body"),
        (b'{"words": "\\u0000"}', 400, "/body"),
        (b'{"words": "\\ud800"}', 422, "/body/words"),
        (b'{"words": "a", "count": ' + b"9" * 5000 + b"}", 400, "/body"),
        (b"[" * 200_000, 400, "/body"),
        (b"[" * 3_000 + b"]" * 3_000, 400, "/body"),
        (b"[" * 900 + b"]" * 900, 422, "/body"),
        pytest.param(
            b'{"words": "' + b"a" * 1_000_000 + b'"}',
            413,
            None,
            marks=provokes("*", "payload-too-large"),
        ),
    ],
)
async def test_bad_input_names_the_field_and_writes_nothing(
    house: httpx.AsyncClient,
    as_: Headers,
    rows: asyncpg.Connection,
    body: bytes,
    status: int,
    pointer: str | None,
) -> None:
    before = await _count(rows)
    headers = as_("citizen") | {"Content-Type": "application/json"}
    for key in ({}, {"Idempotency-Key": uuid4().hex}):
        answer = await house.post(NOTES, content=body, headers=headers | key)
        assert answer.status_code == status, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"
        if pointer:
            assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert await _count(rows) == before


@provokes("*", "unsupported-media-type")
@pytest.mark.parametrize("given", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_body_of_another_type_is_told_what_to_send(
    house: httpx.AsyncClient, as_: Headers, given: str | None
) -> None:
    headers = as_("citizen") | ({"Content-Type": given} if given else {})
    answer = await house.post(NOTES, content=b'{"words": "a"}', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("given", ["application/json; charset=utf-8", "application/x+json"])
async def test_json_by_any_of_its_names_is_taken(
    house: httpx.AsyncClient, as_: Headers, given: str
) -> None:
    headers = as_("citizen") | {"Content-Type": given}
    answer = await house.post(NOTES, content=b'{"words": "a"}', headers=headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/v1/notes/nowhere", 404, marks=provokes("*", "not-found")),
        ("PATCH", "/api/v1/notes", 405),
        ("GET", "/api/v1/notes%00", 400),
        ("GET", "/api/v1/notes?x=%00", 400),
    ],
)
async def test_a_wrong_address_is_a_problem_too(
    house: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await house.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@provokes("*", "unauthorized", "forbidden")
async def test_who_may_call_is_said_by_the_route(house: httpx.AsyncClient, as_: Headers) -> None:
    nobody = await house.post(NOTES, json={"words": "a"})
    clerk = await house.post(NOTES, json={"words": "a"}, headers=as_("clerk", "H001"))
    assert (nobody.status_code, clerk.status_code) == (401, 403)
    assert "群众" in clerk.json()["detail"]
    assert (await house.get(NOTES)).status_code == 200


async def test_the_same_key_has_one_effect_and_one_answer(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await _count(rows)
    headers = as_("citizen") | {"Idempotency-Key": uuid4().hex}
    first = await house.post(NOTES, json={"words": "a", "count": 2}, headers=headers)
    again = await house.post(NOTES, json={"count": 2, "words": "a"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert await _count(rows) == (before[0] + 1, before[1] + 1)


async def test_another_query_or_precondition_is_another_request(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    headers, keep = as_("citizen") | {"Idempotency-Key": uuid4().hex}, f"{NOTES}/name/keep"
    assert (await house.post(keep, headers=headers | {"If-Match": '"1"'})).status_code == 200
    other = await house.post(keep, headers=headers | {"If-Match": '"2"'})
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_query_parameter_that_is_not_there_is_named(house: httpx.AsyncClient) -> None:
    answer = await house.get(f"{NOTES}?colour=red")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/colour"


async def test_a_query_parameter_that_begins_with_an_underscore_asks_nothing(
    house: httpx.AsyncClient,
) -> None:
    assert (await house.get(f"{NOTES}?_=1764400000&_t=1&_t=2")).status_code == 200
    assert (await house.get(f"{NOTES}?_=1764400000&colour=red")).status_code == 422


async def test_a_query_parameter_given_twice_is_named(house: httpx.AsyncClient) -> None:
    twice = await house.get(f"{NOTES}?since=2026-11-23&since=2026-11-24")
    assert twice.status_code == 422
    assert twice.json()["errors"][0]["pointer"] == "/query/since"
    assert (await house.get(f"{NOTES}?tag=a&tag=b")).status_code == 200


async def test_a_key_belongs_to_one_request_of_one_caller(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    await house.post(NOTES, json={"words": "a"}, headers=as_("citizen") | key)
    other = await house.post(NOTES, json={"words": "b"}, headers=as_("citizen") | key)
    neighbour = await house.post(
        NOTES, json={"words": "b"}, headers=as_("citizen", sub="neighbour") | key
    )
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert neighbour.status_code == 201


async def test_many_at_once_with_one_key_have_one_effect(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await _count(rows)
    headers = as_("citizen") | {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(
        *(house.post(NOTES, json={"words": "a"}, headers=headers) for _ in range(20))
    )
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.content for a in answers if a.status_code == 201}) == 1
    assert (await _count(rows))[0] == before[0] + 1


async def test_a_refused_request_leaves_its_key_free(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    headers = as_("citizen") | {"Idempotency-Key": uuid4().hex}
    assert (await house.post(NOTES, json={"words": "refuse"}, headers=headers)).status_code == 409
    assert (await house.post(NOTES, json={"words": "ok"}, headers=headers)).status_code == 201


async def test_a_stored_answer_is_sealed(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    headers = as_("citizen") | {"Idempotency-Key": uuid4().hex}
    await house.post(NOTES, json={"words": "canary-4711"}, headers=headers)
    stored = await rows.fetchval("SELECT string_agg(i::text, '') FROM idempotency i")
    assert "canary-4711" not in stored


async def test_a_deadlock_is_tried_again_and_has_one_effect(
    house: httpx.AsyncClient, as_: Headers, rows: asyncpg.Connection
) -> None:
    before = await _count(rows)
    headers = as_("citizen") | {"Idempotency-Key": uuid4().hex}
    first, second = notes.CROSSING
    async with rows.transaction():
        await rows.execute("SELECT pg_advisory_xact_lock($1)", second)
        note = asyncio.create_task(house.post(NOTES, json={"words": "cross"}, headers=headers))
        await eventually(lambda: rows.fetchval(_WAITS_FOR, second))
        await rows.execute("SELECT pg_advisory_xact_lock($1)", first)  # the server ends the note's
    answer = await note
    assert answer.status_code == 201, answer.text
    assert await _count(rows) == (before[0] + 1, before[1] + 1)
    again = await house.post(NOTES, json={"words": "cross"}, headers=headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (answer.content, "true")


def test_a_route_without_a_permission_fails_start_up(notes_settings: object) -> None:
    @notes.router.get("/open", operation_id="open_note")
    async def open_note() -> None: ...

    try:
        with pytest.raises(RuntimeError, match="/api/v1/notes/open"):
            notes.create_app(notes_settings)  # type: ignore[arg-type]
    finally:
        notes.router.routes.pop()
