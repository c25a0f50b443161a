"""What is read may be compressed on its way; what lives, or holds a secret, is not."""

import gzip
import json
import zlib
from collections.abc import Callable

import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from services.gateway import encoding
from services.gateway.encoding import Compressed, choose
from tests.conftest import Headers

BOTH_WAYS = True


def _unzstd(sent: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(sent)


READ: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "zstd": _unzstd}


async def raw(client: httpx.AsyncClient, path: str, accepted: str, **others: str) -> httpx.Response:
    """The answer with its body as it was sent."""
    request = client.build_request("GET", path, headers={"Accept-Encoding": accepted, **others})
    answer = await client.send(request, stream=True)
    answer._content = b"".join([piece async for piece in answer.aiter_raw()])
    await answer.aclose()
    return answer


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("path", ["/openapi.json", "/assets/swagger-ui-bundle.js", "/docs"])
async def test_what_is_read_comes_compressed_as_the_client_likes(
    client: httpx.AsyncClient, path: str, coding: str
) -> None:
    plain, small = await raw(client, path, "identity"), await raw(client, path, coding)
    assert small.headers["content-encoding"] == coding
    assert "content-encoding" not in plain.headers
    assert int(small.headers["content-length"]) == len(small.content) < len(plain.content) / 2
    assert READ[coding](small.content) == plain.content
    for answer in (plain, small):
        assert "Accept-Encoding" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None), ("identity", None), ("br", None), ("gzip;q=0", None), ("*;q=0", None),
        ("gzip", "gzip"), ("deflate, gzip;q=1.0, *;q=0.5", "gzip"), ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0.1, gzip;q=0.9", "gzip"), ("*", "zstd"),
        ("gzip;q=x", None), ("GZIP", "gzip"),
    ],
)  # fmt: skip
def test_the_best_of_what_is_accepted_is_chosen(accepted: str, coding: str | None) -> None:
    assert choose(accepted) == coding


async def test_a_live_stream_is_not_held_back(client: httpx.AsyncClient) -> None:
    headers = {"Accept-Encoding": "gzip, zstd"}
    async with client.stream("GET", "/api/v1/live/halls/H001", headers=headers) as answer:
        assert "content-encoding" not in answer.headers
        first = await anext(answer.aiter_raw())
        assert b"retry" in first


async def test_a_secret_is_never_compressed(client: httpx.AsyncClient) -> None:
    """No answer to a write, and none that is not to be stored."""
    form = {"grant_type": "password", "username": "x" * 3000, "password": "x"}
    answer = await client.post("/api/v1/auth/token", data=form, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    sent = await through([b"s" * 5000], {"cache-control": "private, no-store"}, "gzip")
    assert (sent.headers.get("content-encoding"), sent.content) == (None, b"s" * 5000)


async def through(pieces: list[bytes], headers: dict[str, str], accepted: str) -> httpx.Response:
    """What a client gets of an answer that is sent in these pieces."""
    given = {"content-type": "application/json", **headers}
    if len(pieces) == 1:
        given["content-length"] = str(len(pieces[0]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        named = [(name.encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": 200, "headers": named})
        for at, piece in enumerate(pieces):
            more = at + 1 < len(pieces)
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    sent: list[Message] = []

    async def take(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", accepted.encode())]}
    await Compressed(app)(scope, _nothing, take)
    assert [each["type"] for each in sent] == ["http.response.start"] + ["http.response.body"] * (
        len(sent) - 1
    )
    assert [each.get("more_body", False) for each in sent[1:]] == [True] * (len(sent) - 2) + [False]
    head = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    answer = httpx.Response(200, headers=[each for each in head if each[0] != "content-encoding"])
    answer.headers.update({k: v for k, v in head if k == "content-encoding"})
    answer._content = b"".join(each["body"] for each in sent[1:])
    return answer


async def _nothing() -> Message:
    raise AssertionError("nobody asks for a body")


@given(
    pieces=st.lists(st.binary(max_size=3000) | st.just(b"a" * 70_000), min_size=1, max_size=6),
    coding=st.sampled_from(["gzip", "zstd"]),
)
async def test_in_whatever_pieces_it_comes_the_whole_arrives(
    pieces: list[bytes], coding: str
) -> None:
    whole = b"".join(pieces)
    answer = await through(pieces, {"etag": '"3"'}, coding)
    if "content-encoding" not in answer.headers:
        assert (answer.content, len(pieces)) == (whole, 1)
        assert len(whole) < encoding.LEAST_BYTES
        return
    assert READ[coding](answer.content) == whole
    assert answer.headers["etag"] == 'W/"3"'
    if len(pieces) == 1:
        assert int(answer.headers["content-length"]) == len(answer.content)
    else:
        assert "content-length" not in answer.headers


async def test_an_answer_that_breaks_off_before_its_body_has_begun_all_the_same() -> None:
    """The connection is cut then; an answer that never began would become a 500 of the server's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"9000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    sent: list[Message] = []

    async def take(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    await Compressed(app)(scope, _nothing, take)
    assert [(each["type"], each["status"]) for each in sent] == [("http.response.start", 200)]


async def test_what_is_compressed_already_is_left(client: httpx.AsyncClient) -> None:
    packed = zlib.compress(b"x" * 5000)
    answer = await through([packed], {"content-encoding": "deflate"}, "gzip")
    assert (answer.headers["content-encoding"], answer.content) == ("deflate", packed)


@pytest.mark.parametrize("token", [False, True])
async def test_public_reading_is_asked_for_again_by_its_tag(
    client: httpx.AsyncClient, as_: Headers, token: bool
) -> None:
    headers = as_("clerk", "H001") if token else {}
    first = await client.get("/api/v1/feedback/departments", headers=headers)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == ("private, no-cache" if token else "public, no-cache")
    known = {"If-None-Match": f'"other", {tag}'}
    again = await client.get("/api/v1/feedback/departments", headers={**headers, **known})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    any_of_it = {**headers, "If-None-Match": "*"}
    whatever = await client.get("/api/v1/feedback/departments", headers=any_of_it)
    assert whatever.status_code == 304
    other = await client.get("/api/v1/feedback/departments", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)
    assert json.loads(first.content)
    for path in ("/api/v1/mine", "/api/v1/halls/NONE"):
        answer = await client.get(path, headers=as_("citizen"))
        assert "etag" not in answer.headers, path


@pytest.mark.parametrize(
    "path", ["/api/v1/feedback/departments", "/api/v1/halls/H001/display", "/openapi.json", "/docs"]
)
async def test_head_and_304_say_what_the_whole_answer_says(
    client: httpx.AsyncClient, path: str
) -> None:
    """RFC 9110 sections 9.3.2 and 15.4.5: so that caches keep one answer for all three."""
    asked = {"Accept-Encoding": "gzip", "Accept-Language": "en"}
    whole = await client.get(path, headers=asked)
    head = await client.head(path, headers=asked)
    assert (head.status_code, head.content) == (200, b"")
    of_each = {"date", "x-request-id", "ratelimit"}
    said = {n: v for n, v in whole.headers.multi_items() if n not in of_each}
    assert {n: v for n, v in head.headers.multi_items() if n not in of_each} == said
    if "etag" not in whole.headers:
        return
    known = {**asked, "If-None-Match": whole.headers["etag"]}
    again = await client.get(path, headers=known)
    kept = ("etag", "cache-control", "vary", "content-language")
    assert again.status_code == 304
    assert {n: again.headers.get(n) for n in kept} == {n: whole.headers.get(n) for n in kept}
