"""What a hostile or broken client meets before the application does, on a real socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any, cast

import pytest

from shared.web import http_protocol
from tests.prompt_server import serving

GOOD = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answers how many bytes of body it got; a path of /big answers 64 MB."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = b"x" * (64 << 20) if scope["path"] == "/big" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Where a server with short deadlines listens."""
    for name in ("HEAD_SECONDS", "BODY_PAUSE_SECONDS", "READ_PAUSE_SECONDS"):
        monkeypatch.setattr(http_protocol, name, 0.3)
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.8)
    monkeypatch.setattr(http_protocol, "CHECK_SECONDS", 0.05)
    how: dict[str, Any] = {"http": http_protocol.GuardedHttp, "lifespan": "off"}
    async with serving(application, log_level="error", **how) as (server, address):
        yield int(address.rpartition(":")[2])
        server.force_exit = True


async def answer_to(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that the server says until it closes, while the parts are sent one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    listening = asyncio.create_task(_all_of(reader))
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await listening
    finally:
        writer.close()


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(1 << 20):
            heard += chunk
    return heard


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_an_ordinary_request_passes(port: int) -> None:
    assert (await answer_to(port, GOOD)).endswith(b"\r\n\r\n0")


async def test_a_body_passes_in_pieces(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\n"
    assert (await answer_to(port, head, b"abc", b"def", pause=0.1)).endswith(b"\r\n\r\n6")


@pytest.mark.parametrize(
    ("request_bytes", "status", "kind"),
    [
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address-too-long"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000, 431, "headers-too-large"),
        (b"\x16\x03\x01\x02\x00 no HTTP at all\r\n\r\n", 400, "malformed-request"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "malformed-request",
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "malformed-request"),
    ],
    ids=["address", "header", "many-headers", "endless-header", "tls", "smuggling", "length"],
)
async def test_a_bad_head_is_refused_with_a_problem(
    port: int, request_bytes: bytes, status: int, kind: str
) -> None:
    answer = await answer_to(port, request_bytes)
    assert status_of(answer) == status
    head, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body)["type"] == f"/problems/{kind}"
    assert b"\r\nx-content-type-options: nosniff" in head


async def test_a_head_that_trickles_in_is_given_up(port: int) -> None:
    answer = await answer_to(port, *[bytes([byte]) for byte in GOOD[:10]], pause=0.06)
    assert status_of(answer) == 408


async def test_a_body_that_stops_is_given_up(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    assert status_of(await answer_to(port, head, b"abc")) == 408


async def test_a_body_that_never_ends_is_given_up(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    assert status_of(await answer_to(port, head, *[b"a"] * 12, pause=0.1)) == 408


async def test_a_connection_that_says_nothing_is_closed_in_silence(port: int) -> None:
    assert await answer_to(port) == b""


async def test_a_client_that_does_not_read_is_dropped(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(GOOD.replace(b"GET /", b"GET /big"))
    await asyncio.sleep(1)
    assert len(await _all_of(reader)) < 64 << 20
    writer.close()


async def test_a_connection_is_used_again(port: int) -> None:
    kept = GOOD.replace(b"Connection: close\r\n", b"")
    answer = await answer_to(port, kept, kept, GOOD, pause=0.2)
    assert answer.count(b"200 OK") == 3


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
    answer = await answer_to(port, post + GOOD)
    assert answer.count(b"200 OK") == 2
    assert answer.index(b"\r\n\r\n2") < answer.index(b"\r\n\r\n0")


class Written:
    """A connection that remembers each write, and a loop that runs what is later by hand."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.later: list[Callable[[], None]] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.pieces.append(b"closed")


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        pytest.param([b"head", b"body"], [b"headbody"], id="a small answer"),
        pytest.param([b"head", b""], [b"head"], id="an answer without a body"),
        pytest.param([b"head", b"a", b"b"], [b"heada", b"b"], id="an answer in pieces"),
        pytest.param([b"head", b"x" * 70_000], [b"head", b"x" * 70_000], id="a large answer"),
        pytest.param(
            [b"head", None, b"late"], [b"head", b"late"], id="a head that nothing follows"
        ),
    ],
)
def test_a_head_goes_out_with_what_follows_at_once(
    written: list[bytes | None], pieces: list[bytes]
) -> None:
    connection = Written()
    answer = http_protocol.JoinedWrites(cast(Any, connection), connection.later.append)
    for data in written:
        if data is None:  # the event loop's next turn
            connection.later.pop()()
        else:
            answer.write(data)
    for run in connection.later:
        run()
    assert connection.pieces == pieces


def test_a_head_that_waits_goes_out_before_the_connection_is_closed() -> None:
    connection = Written()
    answer = http_protocol.JoinedWrites(cast(Any, connection), connection.later.append)
    answer.write(b"head")
    answer.close()
    assert connection.pieces == [b"head", b"closed"]
