"""The body of a request: small ones whole, large ones piece by piece, never above the limit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from services.gateway.forwarding.exchange import ClientGone, Receive
from shared.errors import BadRequest, PayloadTooLarge, Problem, Text, counted

WHOLE_BYTES = 64 * 1024
IDLE_SECONDS = 15.0
"""A client that sends nothing for so long is answered 408 (RFC 9110)."""


class TooSlow(Problem):
    status, type = HTTPStatus.REQUEST_TIMEOUT, "/problems/request-timeout"
    title = Text("请求发送得太慢", "The request came too slowly")
    advice = Text("请检查网络后重新提交", "Please check the network and send it again")


@dataclass(frozen=True)
class Body:
    """`first` is all of it when `rest` is None. `framing` are the headers that announce it."""

    first: bytes
    rest: AsyncIterator[bytes] | None
    framing: list[tuple[bytes, bytes]]


EMPTY = Body(b"", None, [])


def whole(content: bytes, announced: int | None) -> Body:
    """The body of a request of which all has come."""
    if announced is None:
        return EMPTY
    return Body(content, None, [(b"content-length", b"%d" % len(content))])


async def read(receive: Receive, announced: int | None, *, limit: int) -> Body:
    """The body of a request that has one.

    `announced` is its Content-Length, None when it is chunked. Raises PayloadTooLarge, TooSlow,
    BadRequest or ClientGone.
    """
    if announced is not None and announced > limit:
        raise _too_large(limit)
    taken, more = await _first(receive, limit)
    if not more:
        if announced is not None and announced != len(taken):
            raise BadRequest(Text("内容长度与声明不符", "The body is not as long as announced"))
        return whole(taken, len(taken))
    rest = _pieces(receive, len(taken), announced, limit)
    if announced is not None:
        return Body(taken, rest, [(b"content-length", b"%d" % announced)])
    return Body(_chunk(taken), _chunked(rest), [(b"transfer-encoding", b"chunked")])


async def _first(receive: Receive, limit: int) -> tuple[bytes, bool]:
    """Up to WHOLE_BYTES (and the piece that crosses it), and whether more follows."""
    parts: list[bytes] = []
    size, more = 0, True
    async with _patient():
        while more and size <= WHOLE_BYTES:
            piece, more = await _piece(receive)
            parts.append(piece)
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
    return b"".join(parts), more


async def _pieces(
    receive: Receive, sent: int, announced: int | None, limit: int
) -> AsyncIterator[bytes]:
    more = True
    while more:
        async with _patient():
            piece, more = await _piece(receive)
        sent += len(piece)
        if sent > (limit if announced is None else announced):
            raise _too_large(limit)
        yield piece
    if announced is not None and sent != announced:
        raise BadRequest(Text("内容长度与声明不符", "The body is not as long as announced"))


async def _chunked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if piece:
            yield _chunk(piece)
    yield b"0\r\n\r\n"


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


@asynccontextmanager
async def _patient() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            yield
    except TimeoutError as error:
        raise TooSlow from error


def _too_large(limit: int) -> PayloadTooLarge:
    detail = Text(f"内容不能超过 {limit} 字节", f"At most {counted(limit, 'byte')} may be sent")
    return PayloadTooLarge(detail, pointer="/body", limit_bytes=limit)
