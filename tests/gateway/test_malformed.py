"""Requests that different servers would read differently are refused before anything else."""

import pytest

from tests.gateway.conftest import Running
from tests.gateway.loopback_server import said

BOTH_WAYS = True

HEAD = b"POST /api/v1/echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: 3, 3\r\n\r\nabc",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: 1" + b"0" * 4999 + b"\r\n\r\nabc",
        HEAD + b"Host: y\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"GET /api/v1/echo/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/a%2fb HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/a%5cb HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/x?q=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/x?q=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/x?q=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/../v1/echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/%2e%2e/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //api/v1/echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/echo/x?" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
    ids=lambda request: repr(request.replace(HEAD, b""))[2:50],
)
async def test_refuses(door: Running, request_bytes: bytes) -> None:
    answer = await said(door.address, request_bytes)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"200 OK" not in answer


async def test_a_pipelined_second_request_stays_a_second_request(door: Running) -> None:
    inner = b"GET /api/v1/mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    outer = b"POST /api/v1/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner)
    answer = await said(door.address, outer + inner + inner)
    assert b'"body_bytes":%d' % len(inner) in answer
    assert answer.count(b"HTTP/1.1 ") == 2
