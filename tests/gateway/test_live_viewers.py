"""What one event costs for a thousand screens: its bytes once, and one write for each of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from services.gateway.live.answers import Watched, stream
from services.gateway.live.feed import Feed
from services.gateway.live.halls import BACKLOG_BYTES, WAITING, Hall, Viewer, chunk
from shared.errors import Unavailable
from tests.gateway.loopback_server import listening
from tests.support import eventually


class Wire(asyncio.Transport):
    """A connection that keeps what is written to it, and takes none of it away."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_cut = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.written))

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True


def watching(hall: Hall) -> tuple[Viewer, Wire]:
    wire = Wire()
    viewer = Viewer(wire)
    hall.viewers.add(viewer)
    return viewer, wire


def test_a_frame_is_one_write_a_viewer_of_the_same_bytes() -> None:
    hall = Hall()
    wires = []
    for _ in range(1000):
        viewer, wire = watching(hall)
        viewer.begin()
        wires.append(wire)
    for frame in (b"one", b"two"):
        hall.send(frame)
    assert [len(wire.written) for wire in wires] == [2] * 1000
    assert len({id(piece) for wire in wires for piece in wire.written}) == 2
    assert wires[0].written == [b"3\r\none\r\n", b"3\r\ntwo\r\n"]


def test_a_viewer_that_falls_behind_is_dropped_alone() -> None:
    hall = Hall()
    (slow, unread), (quick, read) = watching(hall), watching(hall)
    slow.begin()
    quick.begin()
    frame = b"x" * 10_000
    for _ in range(60):
        hall.send(frame)
        assert read.written.pop() == chunk(frame)
    assert (slow.dropped, slow.ended.is_set(), unread.is_cut) == (True, True, True)
    assert BACKLOG_BYTES < unread.get_write_buffer_size() < BACKLOG_BYTES + 2 * len(frame)
    assert (quick.dropped, quick.ended.is_set()) == (False, False)


def test_what_happens_before_an_answer_has_begun_comes_behind_its_beginning() -> None:
    hall = Hall()
    viewer, wire = watching(hall)
    late, cut = watching(hall)
    hall.send(b"a")
    hall.send(b"b")
    assert not wire.written
    viewer.begin()
    hall.send(b"c")
    assert wire.written == [chunk(b"a"), chunk(b"b"), chunk(b"c")]
    for _ in range(WAITING):
        hall.send(b"d")
    assert (late.dropped, cut.is_cut) == (True, True)


def test_after_its_end_nothing_is_written() -> None:
    hall = Hall()
    viewer, wire = watching(hall)
    viewer.begin()
    viewer.end()
    hall.send(b"a")
    assert not wire.written


@asynccontextmanager
async def screens_of(feed: Feed) -> AsyncIterator[tuple[str, int]]:
    """Host and port of a server that answers everything with the stream of the hall A."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"]["request_id"] = "none"
            await stream(feed, Watched("A", None), scope, receive, send)

    async with listening(app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        yield host, int(port)
        feed.close()


async def shown(_: str) -> dict[str, Any]:
    return {"called": []}


async def test_a_screen_that_does_not_read_is_reset_and_holds_nobody_up() -> None:
    """Over real connections: the kernel keeps some megabytes for who does not read."""
    feed = Feed(shown, viewers_limit=10)
    hall = feed._halls["A"]
    frame = b"x" * 65_536
    count = 400

    async with screens_of(feed) as (host, port):
        ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        reader, writer = await asyncio.open_connection(host, port)
        unread, stuck = await asyncio.open_connection(host, port, limit=1)
        writer.write(ask)
        stuck.write(ask)

        async def both() -> bool:
            return len(hall.viewers) == 2

        await eventually(both)
        await reader.readuntil(b"display")
        await reader.readuntil(b"\n\n\r\n")
        for _ in range(count):
            hall.send(frame)
            assert await reader.readexactly(len(chunk(frame))) == chunk(frame)

        async def one() -> bool:
            return len(hall.viewers) == 1

        await eventually(one)
        with pytest.raises(ConnectionResetError):
            await unread.read()
        feed.close()
        assert await reader.read() == b"0\r\n\r\n"
        for each in (writer, stuck):
            each.close()


async def test_however_many_look_at_screens_the_staff_of_a_hall_are_let_in() -> None:
    feed = Feed(shown, viewers_limit=10)
    async with AsyncExitStack() as stack:
        for _ in range(9):
            await stack.enter_async_context(feed.view("A", None, Wire()))
        with pytest.raises(Unavailable):
            await stack.enter_async_context(feed.view("A", None, Wire()))
        await stack.enter_async_context(feed.view("A", None, Wire(), is_staff=True))
        with pytest.raises(Unavailable):
            await stack.enter_async_context(feed.view("A", None, Wire(), is_staff=True))
