"""A request that is forwarded by callbacks is answered as by a task, byte for byte."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from services.gateway.direct.protocol import SMALL_BYTES, DirectHttp
from services.gateway.forwarding.remembered import Remembered
from shared.web.serve import protocol_of
from tests.gateway.both_ways import LAST, compared
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import WAYS, said
from tests.security.test_token_attacks import FORGERIES
from tests.support import Tokens

ECHO = b"GET /api/v1/echo/x"
POST = b"POST /api/v1/echo/x"
HOST = b" HTTP/1.1\r\nHost: x\r\n"
CHUNKED, TWO = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 2\r\n"
ODD: Mapping[str, bytes] = {
    "plain": ECHO + HOST + LAST,
    "kept alive by a word": ECHO + HOST + b"Connection: keep-alive, x-y\r\nX-Y: 1\r\n" + LAST,
    "head": b"HEAD /api/v1/echo/x" + HOST + LAST,
    "head of what is public": b"HEAD /api/v1/feedback/departments" + HOST + LAST,
    "http 1.0": b"GET /api/v1/echo/x HTTP/1.0\r\nHost: x\r\n\r\n",
    "no host": ECHO + b" HTTP/1.1\r\n" + LAST,
    "two hosts": ECHO + HOST + b"Host: y\r\n" + LAST,
    "length zero": ECHO + HOST + b"Content-Length: 0\r\n" + LAST,
    "a body": ECHO + HOST + b"Content-Length: 3\r\n" + LAST + b"abc",
    "posted": POST + HOST + TWO + LAST + b"{}",
    "posted nothing": POST + HOST + b"Content-Length: 0\r\n" + LAST,
    "posted without a length": POST + HOST + LAST,
    "posted with a key": POST + HOST + b"Idempotency-Key: k-1\r\n" + TWO + LAST + b"{}",
    "posted too much": POST + HOST + TWO + LAST + b"{}}",
    "posted in chunks": POST + HOST + CHUNKED + LAST + b"1\r\na\r\n0\r\n\r\n",
    "posted with a length and a coding": POST + HOST + TWO + CHUNKED + LAST + b"{}",
    "posted with two lengths": POST + HOST + TWO + TWO + LAST + b"{}",
    "posted with a length that is none": POST + HOST + b"Content-Length: 2x\r\n" + LAST + b"{}",
    "posted with a length of many digits": POST + HOST + b"Content-Length: 0000002\r\n" + LAST
    + b"{}",
    "posted to a reader": b"POST /api/v1/mine" + HOST + TWO + LAST + b"{}",
    "put": b"PUT /api/v1/echo/x" + HOST + TWO + LAST + b"{}",
    "a chunked body": ECHO + HOST + CHUNKED + LAST + b"1\r\na\r\n0\r\n\r\n",
    "length and coding": ECHO + HOST + b"Content-Length: 3\r\n" + CHUNKED + LAST,
    "expects": ECHO + HOST + b"Expect: 100-continue\r\n" + LAST,
    "upgrade": ECHO + HOST + b"Upgrade: websocket\r\nConnection: upgrade\r\n" + LAST,
    "upgrade by a word": ECHO + HOST + b"Connection: upgrade\r\n" + LAST,
    "te": ECHO + HOST + b"TE: trailers\r\nTrailer: x\r\n" + LAST,
    "absolute": b"GET http://x/api/v1/echo/x" + HOST + LAST,
    "fragment": ECHO + b"#part" + HOST + LAST,
    "query": ECHO + b"?q=%E5%8D%97&q=2" + HOST + LAST,
    "empty query": ECHO + b"?" + HOST + LAST,
    "two question marks": ECHO + b"?a?b" + HOST + LAST,
    "brackets": ECHO + b"?a[0]={|}^`" + HOST + LAST,
    "escaped": b"GET /api/v1/%65cho/%E5%A4%A7" + HOST + LAST,
    "not escaped": "GET /api/v1/echo/大".encode() + HOST + LAST,
    "hidden slash": b"GET /api/v1/echo/a%2fb" + HOST + LAST,
    "dots": b"GET /api/v1/../v1/echo/x" + HOST + LAST,
    "double slash": b"GET /api/v1//echo/x" + HOST + LAST,
    "semicolon": b"GET /api/v1/echo/x;a=1" + HOST + LAST,
    "not utf-8": ECHO + b"?q=%ff" + HOST + LAST,
    "long query": ECHO + b"?q=" + b"a" * 9000 + HOST + LAST,
    "unknown": b"GET /api/v1/nothing" + HOST + LAST,
    "no operation": b"HEAD /api/v1/echo" + HOST + LAST,
    "method": b"DELETE /api/v1/echo/x" + HOST + LAST,
    "no method": b"FETCH /api/v1/echo/x" + HOST + LAST,
    "our own": b"GET /api/v1/auth/me" + HOST + LAST,
    "claims": ECHO + HOST + b"X-User-Id: 1\r\nX_Forwarded_For: 1\r\nForwarded: for=1\r\n" + LAST,
    "claims ours": ECHO + HOST + b"X-OneDoor-Priority: window\r\nX-OneDoor-Network: 1\r\n" + LAST,
    "hurried": ECHO + HOST + b"X-Deadline-Seconds: 1\r\n" + LAST,
    "trace": ECHO + HOST + b"traceparent: 00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01\r\n" + LAST,
    "key": ECHO + HOST + b"Idempotency-Key: " + b"k" * 20 + b"\r\n" + LAST,
    "no bearer": ECHO + HOST + b"Authorization: Basic eDp4\r\n" + LAST,
    "bearer of nothing": ECHO + HOST + b"Authorization: Bearer \r\n" + LAST,
    "bearers": ECHO + HOST + b"Authorization: Basic x\r\nAuthorization: bearer y\r\n" + LAST,
    "folded": ECHO + HOST + b"X: a\r\n b\r\n" + LAST,
    "nul": ECHO + HOST + b"X: a\0b\r\n" + LAST,
    "many headers": ECHO + HOST + b"X: a\r\n" * 120 + LAST,
    "large header": ECHO + HOST + b"X: " + b"a" * 40_000 + b"\r\n" + LAST,
    "tagged": b"GET /api/v1/feedback/departments" + HOST + b'If-None-Match: *\r\n' + LAST,
    "not found behind": b"GET /api/v1/halls/NONE" + HOST + LAST,
    "another origin": ECHO + HOST + b"Origin: https://evil.example\r\n" + LAST,
    "two at once": ECHO + HOST + b"\r\n" + b"GET /api/v1/halls/H001" + HOST + LAST,
    "three at once": (ECHO + HOST + b"\r\n") * 2 + b"HEAD /api/v1/halls/H001" + HOST + LAST,
    "a write behind": ECHO + HOST + b"\r\nPOST /api/v1/echo/y" + HOST + TWO + LAST + b"{}",
    "nonsense behind": ECHO + HOST + b"\r\n\x16\x03\x01",
    "lines before": b"\r\n\r\n" + ECHO + HOST + LAST,
}  # fmt: skip


async def answered(address: str, request: bytes) -> bytes:
    """What the gateway answers; nothing here is answered with 503 or 504 but on a busy machine."""
    for _ in range(5):
        answer = await said(address, request)
        if not answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 504")):
            break
    return answer


@pytest.mark.parametrize("name", ODD)
async def test_odd_requests_are_answered_alike(doors: Mapping[str, Running], name: str) -> None:
    for door in doors.values():  # so that there is a connection to be used again
        await door.client.get("/api/v1/echo/x")
    direct, tasks = [compared(await answered(doors[way].address, ODD[name])) for way in WAYS]
    assert direct == tasks
    assert direct.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_tokens_are_refused_alike(
    doors: Mapping[str, Running], tokens: Tokens, name: str
) -> None:
    token = FORGERIES[name](tokens).encode()
    request = b"GET /api/v1/mine" + HOST + b"Authorization: Bearer " + token + b"\r\n" + LAST
    direct, again, tasks = [
        compared(await answered(doors[way].address, request))
        for way in ("direct", "direct", "tasks")
    ]
    assert direct == again == tasks
    assert b"200 OK" not in direct


async def test_a_reading_is_begun_directly_and_a_known_token_too(
    door: Running, tokens: Tokens, begun: list[bool]
) -> None:
    token = tokens("citizen", sub="reads-directly")
    signed = {"Authorization": f"Bearer {token}"}
    answers = [await door.client.get("/api/v1/mine", headers=signed) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"sub": "reads-directly"}] * 3
    assert (begun[0], begun[-1]) == (False, True), "a token is verified once, then known"


async def test_what_is_sent_is_begun_directly_where_it_is_small_and_of_known_length(
    door: Running, begun: list[bool]
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"{}"

    async def told(content: bytes | AsyncIterator[bytes]) -> int:
        answer = await door.client.post("/api/v1/echo/x", content=content)
        return answer.json()["body_bytes"]  # type: ignore[no-any-return]

    await told(b"{}")  # which leaves a connection that the next one takes
    begun.clear()
    assert [await told(b""), await told(b"{}"), await told(b"x" * SMALL_BYTES)] == [
        0, 2, SMALL_BYTES,
    ]  # fmt: skip
    assert begun == [True] * 3
    assert [await told(b"x" * (SMALL_BYTES + 1)), await told(pieces())] == [SMALL_BYTES + 1, 2]
    assert begun == [True] * 3


async def test_a_small_body_may_come_in_pieces_and_with_what_follows_it(door: Running) -> None:
    head = b"POST /api/v1/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    last = b"GET /api/v1/echo/y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    host, _, port = door.address.removeprefix("http://").partition(":")
    for pieces in ([head, b"ab", b"cde" + last], [head + b"abcde" + head, b"abcde", last]):
        reader, writer = await asyncio.open_connection(host, int(port))
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)
        heard = await reader.read()
        writer.close()
        assert heard.count(b"HTTP/1.1 200 OK") == heard.count(b'"body_bytes":5') + 1
        assert heard.count(b'"body_bytes":5') == b"".join(pieces).count(b"abcde")
        assert heard.rindex(b"echo/y") > heard.rindex(b'"body_bytes":5')


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kept", [b"POST ", POST + HOST + TWO + b"\r\n{"])
async def test_who_does_not_go_on_sending_is_given_up_either_way(
    doors: Mapping[str, Running], monkeypatch: pytest.MonkeyPatch, way: str, kept: bytes
) -> None:
    for module in ("shared.web.http_protocol", "services.gateway.direct.protocol"):
        monkeypatch.setattr(f"{module}.BODY_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("shared.web.http_protocol.HEAD_SECONDS", 0.0)
    monkeypatch.setattr("shared.web.http_protocol.CHECK_SECONDS", 0.01)
    host, _, port = doors[way].address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        writer.write(kept)
        assert (await reader.read()).count(b"HTTP/1.1 408 ") == 1
    writer.close()


async def test_who_changes_something_directly_is_marked_before_it_and_after(
    door: Running, tokens: Tokens, begun: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = {"Authorization": f"Bearer {tokens('citizen', sub='changes-directly')}"}
    await door.client.post("/api/v1/echo/x", content=b"{}", headers=signed)
    begun.clear()
    marked: list[str | None] = []
    monkeypatch.setattr(Remembered, "changed", lambda _, caller: marked.append(caller))
    await door.client.post("/api/v1/echo/x", content=b"{}", headers=signed)
    assert (begun, marked) == ([True], ["sub:changes-directly"] * 2)
    await door.client.get("/api/v1/echo/x", headers=signed)
    assert (begun, set(marked[2:])) == ([True, True], {None})


def test_production_is_served_directly() -> None:
    assert protocol_of("services.gateway.app:create_app") is DirectHttp
