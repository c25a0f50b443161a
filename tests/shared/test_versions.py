"""One version, sent in one of two places: `If-Match`, or the body's own field."""

from typing import Any

import httpx
import pytest

from tests.conftest import Headers

NAME = "/api/v1/notes/name"


async def rename(
    house: httpx.AsyncClient, as_: Headers, if_match: str | None, **body: Any
) -> httpx.Response:
    seen = {"If-Match": if_match} if if_match else {}
    return await house.put(NAME, json={"words": "new", **body}, headers=as_("citizen") | seen)


@pytest.mark.parametrize(
    ("if_match", "body"),
    [(None, {"version": 3}), ('"3"', {}), ("3", {}), ('W/"3"', {}), ('"3"', {"version": 3})],
)
async def test_the_version_is_taken_from_either_place(
    house: httpx.AsyncClient, as_: Headers, if_match: str | None, body: dict[str, int]
) -> None:
    answer = await rename(house, as_, if_match, **body)
    assert (answer.status_code, answer.json()) == (200, {"version": 4})


async def test_another_version_names_the_present_state_and_version(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    answer = await rename(house, as_, '"2"')
    assert answer.status_code == 409
    assert (answer.json()["state"], answer.json()["version"]) == ("named", 3)


@pytest.mark.parametrize(
    ("if_match", "body", "pointer"),
    [
        ("three", {}, "/header/if-match"),
        ('"3"', {"version": 2}, "/header/if-match"),
        ("*", {}, "/body/version"),
        (None, {}, "/body/version"),
        ('"3"', {"version": "3"}, "/header/if-match"),
        (None, {"version": "3"}, "/body/version"),
    ],
)
async def test_what_is_wrong_with_a_version_is_said(
    house: httpx.AsyncClient,
    as_: Headers,
    if_match: str | None,
    body: dict[str, Any],
    pointer: str,
) -> None:
    answer = await rename(house, as_, if_match, **body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_document_tells_of_the_header(house: httpx.AsyncClient) -> None:
    document = (await house.get("/openapi.json")).json()
    parameters = document["paths"][NAME]["put"]["parameters"]
    assert [p["name"] for p in parameters if p["in"] == "header"].count("if-match") == 1


KEEP = f"{NAME}/keep"


@pytest.mark.parametrize("body", [None, b"", b"{}", b"null"])
async def test_a_body_that_may_be_absent_takes_the_header_all_the_same(
    house: httpx.AsyncClient, as_: Headers, body: bytes | None
) -> None:
    headers = as_("citizen") | {"If-Match": '"3"'}
    headers |= {"Content-Type": "application/json"} if body else {}
    answer = await house.post(KEEP, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"version": 3})


async def test_a_body_that_is_no_object_never_loses_the_header(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    answer = await house.post(KEEP, json=[1], headers=as_("citizen") | {"If-Match": '"3"'})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b'{"version": 3, "x": 99999999999999999999}',
        b'{"x": "\\ud800"}',
        b'{"x": NaN}',
        b'{"version": 99999999999999999999}',
    ],
)
async def test_what_cannot_be_written_again_is_still_the_callers_fault(
    house: httpx.AsyncClient, as_: Headers, body: bytes
) -> None:
    headers = as_("citizen") | {"If-Match": '"3"', "Content-Type": "application/json"}
    answer = await house.post(KEEP, content=body, headers=headers)
    assert answer.status_code == 422, answer.text


async def test_a_number_that_no_column_holds_is_the_callers_fault(
    house: httpx.AsyncClient, as_: Headers
) -> None:
    answer = await house.post(KEEP, json={"version": 3_000_000_000}, headers=as_("citizen"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
