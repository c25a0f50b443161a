"""What a service answers passes both ways alike, well-formed or not, early or late."""

import asyncio

import pytest

from services.gateway.upstreams.upstream import Upstream
from tests.gateway.both_ways import ASKED, LAST, compared, gateway_to
from tests.gateway.loopback_server import WAYS, Handler, answering, raw_server, said
from tests.gateway.test_wire import ENDING_EARLY, NOT_PLAIN, OK
from tests.support import eventually


async def through(
    way: str, handle: Handler, more: bytes = b"", seconds: float = 20
) -> tuple[bytes, Upstream]:
    """What a client gets of the second answer, over the connection that brought the first."""
    async with raw_server(handle) as service, gateway_to(service, seconds) as (addresses, upstream):
        first = await said(addresses[way], ASKED + LAST)
        assert first.startswith(b"HTTP/1.1 200 OK")
        answer = await said(addresses[way], ASKED + more + LAST)
        assert upstream.gate.at_work == 0
        return compared(answer), upstream


@pytest.mark.parametrize("answer", NOT_PLAIN, ids=lambda a: a[15:50].decode("latin-1"))
async def test_answers_that_are_not_plain_are_502_either_way(
    answer: bytes, begun: list[bool]
) -> None:
    direct, tasks = [(await through(way, answering(OK, answer)))[0] for way in WAYS]
    assert direct == tasks
    assert direct.startswith(b"HTTP/1.1 502 ")
    assert b"/problems/bad-gateway" in direct
    assert begun == [False, True]


@pytest.mark.parametrize("answer", ENDING_EARLY)
async def test_answers_that_end_early_are_never_whole_either_way(answer: bytes) -> None:
    direct, tasks = [(await through(way, answering(OK, answer, close=True)))[0] for way in WAYS]
    assert direct == tasks
    if not answer:  # not a byte had come: it is asked again, over a connection that answers
        assert direct.startswith(b"HTTP/1.1 200 ")
    elif b"chunked" in answer:
        assert not direct.endswith(b"0\r\n\r\n")
    else:
        assert direct.startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("way", WAYS)
async def test_bytes_behind_an_answer_spoil_the_connection_either_way(way: str) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong"
    async with (
        raw_server(answering(OK, OK + smuggled, OK)) as service,
        gateway_to(service) as (addresses, _),
    ):
        pipelined = ASKED + b"\r\n" + ASKED + LAST
        host, _, port = addresses[way].removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(2):
            writer.write(ASKED + b"\r\n")
            await reader.readuntil(b"ok")
        writer.write(pipelined)
        answers = await reader.read()
        writer.close()
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert b"wrong" not in answers


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"404 x", b"999 x"])
async def test_every_status_passes_alike(status: bytes) -> None:
    length = b"" if status[:3] in (b"204", b"304") else b"content-length: 2\r\n"
    answer = b"HTTP/1.1 " + status + b"\r\nx: y\r\n" + length + b"\r\n" + (b"ok" if length else b"")
    direct, tasks = [(await through(way, answering(OK, answer)))[0] for way in WAYS]
    assert direct == tasks


@pytest.mark.parametrize("size", [2, 1_500, 70_000, 300_000])
@pytest.mark.parametrize(
    "more", [b"", b"Accept-Encoding: zstd\r\n", b"Origin: https://city.example\r\n"]
)
async def test_texts_of_every_size_pass_alike(size: int, more: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    answer = head % size + b"7" * size
    direct, tasks = [(await through(way, answering(OK, answer), more))[0] for way in WAYS]
    assert direct == tasks
    assert b"city.example" in direct or b"Origin" not in more


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_late_is_a_504_and_what_the_service_does_is_ended(way: str) -> None:
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        ended.set()

    answer, _ = await through(way, handle, seconds=1)
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"/problems/gateway-timeout" in answer
    await asyncio.wait_for(ended.wait(), 10)


@pytest.mark.parametrize("way", WAYS)
async def test_who_leaves_takes_the_request_along(way: str) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        ended.set()

    async with raw_server(handle) as service, gateway_to(service) as (addresses, upstream):
        await said(addresses[way], ASKED + LAST)
        host, _, port = addresses[way].removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(ASKED + b"\r\n")
        await asyncio.wait_for(asked.wait(), 10)
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 10)

        async def free() -> bool:
            return upstream.gate.at_work == 0

        await eventually(free)


@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_does_not_read_holds_a_large_answer_back(way: str) -> None:
    sent, size = 0, 64 * 2**20

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(size // 65_536):
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with raw_server(handle) as service, gateway_to(service) as (addresses, _):
        await said(addresses[way], ASKED + LAST)
        host, _, port = addresses[way].removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(ASKED + b"\r\n")
        await asyncio.sleep(0.5)
        assert sent < size / 2
        await reader.readuntil(b"\r\n\r\n")
        assert len(await reader.readexactly(size)) == size
        writer.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [1, 20, 60, 90, 140])
async def test_requests_that_come_in_pieces_are_answered_in_turn(way: str, at: int) -> None:
    """However the bytes of three requests are cut: within a head, between two, with the next."""
    async with (
        raw_server(answering(*[OK] * 9)) as service,
        gateway_to(service) as (addresses, _),
    ):
        await said(addresses[way], ASKED + LAST)
        host, _, port = addresses[way].removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        whole = (ASKED + b"\r\n") * 2 + ASKED.replace(b"GET", b"HEAD") + LAST
        for piece in (whole[:at], whole[at:]):
            writer.write(piece)
            await asyncio.sleep(0.01)
        answers = await reader.read()
        writer.close()
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"\r\n\r\nok") == 2
