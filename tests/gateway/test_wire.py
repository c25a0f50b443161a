"""The gateway's own HTTP/1.1 client, against upstreams that misbehave in every way we know."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvloop

from services.gateway.forwarding.exchange import Outgoing, ask
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect, Pool
from services.gateway.upstreams.upstream import LEAST_IN_FLIGHT, CircuitOpen, Upstream
from shared.web.gate import Priority, TurnedAway, VisitState
from tests.gateway.loopback_server import answering, raw_server

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
NOT_PLAIN = [
    CHUNKED + b"content-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2x\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999999999\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokX\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    b"HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nbad header\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n x: folded\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000 + b"\r\ncontent-length: 2\r\n\r\nok",
    b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
]
ENDING_EARLY = [
    b"",
    b"HTTP/1.1 20",
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhal",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
]


async def whole(upstream: Upstream, *, may_repeat: bool = True) -> tuple[int, bytes]:
    """Status and body of one exchange, which leaves the connection as the forwarding does."""
    connection, answer = await ask(upstream, Outgoing(GET, b"", None, may_repeat))
    try:
        async with asyncio.timeout(2):
            body = b"".join([piece async for piece in answer.chunks()])
    except BaseException:
        connection.abort()
        raise
    upstream.pool.give_back(connection)
    return answer.status, body


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n", 304, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (
            CHUNKED + b"\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            200,
            b"abcde",
        ),
    ],
    ids=["plain", "204", "304", "empty", "early-hints", "continue", "chunked"],
)
async def test_reads_well_formed_answers(answer: bytes, status: int, body: bytes) -> None:
    async with raw_server(answering(answer, OK)) as address:
        upstream = Upstream("u", address)
        assert await whole(upstream) == (status, body)
        assert await whole(upstream) == (200, b"ok")


@pytest.mark.parametrize(
    "answer",
    NOT_PLAIN,
    ids=lambda a: a[15:50].decode("latin-1"),
)
async def test_refuses_answers_that_are_not_plain(answer: bytes) -> None:
    async with raw_server(answering(answer)) as address:
        with pytest.raises(BadAnswer):
            await whole(Upstream("u", address))


@pytest.mark.parametrize("answer", ENDING_EARLY)
async def test_an_answer_that_ends_early_is_never_whole(answer: bytes) -> None:
    async with raw_server(answering(answer, close=True)) as address:
        with pytest.raises(UpstreamGone):
            await whole(Upstream("u", address), may_repeat=False)


async def test_bytes_behind_an_answer_never_become_the_next_answer() -> None:
    smuggled = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong"
    async with raw_server(answering(OK + smuggled, OK)) as address:
        upstream = Upstream("u", address)
        assert [await whole(upstream) for _ in range(3)] == [(200, b"ok")] * 3


async def test_bytes_that_come_while_idle_cut_the_connection() -> None:
    sent = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong")
        await writer.drain()
        sent.set()
        await reader.read()

    async with raw_server(handle) as address:
        upstream = Upstream("u", address)
        assert await whole(upstream) == (200, b"ok")
        await sent.wait()
        await asyncio.sleep(0.05)
        assert upstream.pool.kept() is None
        assert await whole(upstream) == (200, b"ok")


def counting(answers_each: int) -> tuple[list[int], object]:
    """A server that closes each connection after so many answers, and how many it took."""
    taken: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(0)
        for _ in range(answers_each):
            await reader.readuntil(b"\r\n\r\n")
            taken[-1] += 1
            writer.write(OK)
            await writer.drain()
        await reader.readuntil(b"\r\n\r\n")

    return taken, handle


async def test_asks_again_where_a_kept_connection_was_closed_under_it() -> None:
    taken, handle = counting(1)
    async with raw_server(handle) as address:  # type: ignore[arg-type]
        upstream = Upstream("u", address)
        assert [await whole(upstream) for _ in range(3)] == [(200, b"ok")] * 3
        assert taken == [1, 1, 1]


async def test_never_repeats_what_may_not_be_done_twice() -> None:
    _, handle = counting(1)
    async with raw_server(handle) as address:  # type: ignore[arg-type]
        upstream = Upstream("u", address)
        assert await whole(upstream) == (200, b"ok")
        with pytest.raises(UpstreamGone):
            await whole(upstream, may_repeat=False)


async def test_a_connection_that_is_to_be_closed_is_not_kept() -> None:
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    async with raw_server(answering(closing)) as address:
        upstream = Upstream("u", address)
        assert await whole(upstream) == (200, b"ok")
        assert upstream.pool.kept() is None


async def test_an_answer_before_the_whole_request_spoils_the_connection() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 1000
            await asyncio.sleep(0.005)

    early = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"
    async with raw_server(answering(early)) as address:
        upstream = Upstream("u", address)
        connection, answer = await ask(upstream, Outgoing(GET, b"", pieces(), False))
        assert (answer.status, await answer.whole()) == (413, b"no")
        upstream.pool.give_back(connection)
        assert upstream.pool.kept() is None


async def test_a_reader_that_does_not_read_holds_the_sender_back() -> None:
    sent = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n")
        for _ in range(1600):
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with raw_server(handle) as address:
        connection, answer = await ask(Upstream("u", address), Outgoing(GET, b"", None, True))
        await asyncio.sleep(0.3)
        assert sent < 20 * 2**20
        size = sum([len(piece) async for piece in answer.chunks()])
        assert size == 104_857_600
        connection.abort()


async def test_nobody_there_is_said_at_once_and_opens_the_circuit() -> None:
    upstream = Upstream("u", "http://127.0.0.1:9")
    for _ in range(3):
        with pytest.raises(CannotConnect):
            await whole(upstream)
    with pytest.raises(CircuitOpen):
        await upstream.enter(Priority.WINDOW, within=1)
    assert upstream.gate.limit.value == LEAST_IN_FLIGHT  # what comes back is not run over


async def test_no_more_in_flight_than_the_limit() -> None:
    upstream = Upstream("u", "http://127.0.0.1:9", in_flight_limit=1)
    first = await upstream.enter(Priority.READING, within=1)
    with pytest.raises(TurnedAway):
        await upstream.enter(Priority.READING, within=0.01)
    second = asyncio.create_task(upstream.enter(Priority.READING, within=1))
    await asyncio.sleep(0)
    assert not second.done()
    upstream.gate.leave(first, asyncio.get_running_loop().time())
    assert (await second).state is VisitState.WORKING


async def test_who_leaves_while_waiting_for_a_place_gives_it_to_the_next() -> None:
    upstream = Upstream("u", "http://127.0.0.1:9", in_flight_limit=1)
    first = await upstream.enter(Priority.READING, within=1)
    gone, waits = (
        asyncio.create_task(upstream.enter(Priority.READING, within=1)) for _ in range(2)
    )
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    upstream.gate.leave(first, asyncio.get_running_loop().time())
    assert (await waits).state is VisitState.WORKING
    assert (upstream.gate.at_work, upstream.gate.waiting) == (1, 0)


async def test_a_service_that_answers_is_busy_and_not_gone() -> None:
    """Late news of its health opened the circuit, and one in a hundred came through."""
    upstream = Upstream("u", "http://127.0.0.1:9")
    for _ in range(10):
        upstream.breaker.failed(asyncio.get_running_loop().time())
        upstream.breaker.succeeded()  # an answer came meanwhile
        visit = await upstream.enter(Priority.READING, within=1)
        upstream.gate.leave(visit, asyncio.get_running_loop().time())


async def test_speaks_in_the_loop_of_production_too() -> None:
    async def exchange() -> list[tuple[int, bytes]]:
        async with raw_server(answering(OK, OK)) as address:
            upstream = Upstream("u", address)
            return [await whole(upstream), await whole(upstream)]

    assert await asyncio.to_thread(uvloop.run, exchange()) == [(200, b"ok")] * 2


@pytest.mark.parametrize("base", ["ftp://x", "http://", "nonsense"])
def test_an_upstream_needs_an_http_address(base: str) -> None:
    with pytest.raises(ValueError, match="http"):
        Pool(base)
