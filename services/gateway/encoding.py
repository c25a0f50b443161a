"""Compresses what is read, for clients that ask for it (RFC 9110 12.5.3): zstd, else gzip.

Live streams pass as they are: each event is sent as it happens. So does what is not to be stored,
and every answer to a write: where a secret and words of the request stand in one answer, its length
when compressed gives the secret away (BREACH). What else is read in somebody's name needs a token
in a header, which no foreign page can make a browser send.
"""

import asyncio
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

import zstandard
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.idempotency import SAFE

LEAST_BYTES = 1024
INLINE_BYTES = 64 * 1024
"""Compressing more takes long enough to keep others waiting, and is done beside."""
GZIP_LEVEL = 6
ZSTD_LEVEL = 3
PREFERRED = ("zstd", "gzip")

_TEXTS = re.compile(
    rb"text/(?!event-stream)|application/([\w.+-]+\+)?(json|xml)\b|application/javascript"
    rb"|image/svg\+xml",
    re.IGNORECASE,
)
_GZIP_FRAME = 31
_VARY = (b"vary", b"Accept-Encoding")

Headers = list[tuple[bytes, bytes]]
_Given = Sequence[tuple[bytes, bytes]]


class Encoder(Protocol):
    """What both libraries offer."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def encoder(coding: str) -> Encoder:
    """A new one for one answer."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_FRAME)


@lru_cache(maxsize=1_000)
def choose(accepted: str) -> str | None:
    """The coding for an Accept-Encoding, the best of those that the client likes most."""
    wishes = dict(map(_wish, accepted.lower().split(",")))
    liked = {each: wishes.get(each, wishes.get("*", 0.0)) for each in PREFERRED}
    best = max(PREFERRED, key=lambda each: liked[each])
    return best if liked[best] > 0 else None


def wanted(given: _Given) -> str | None:
    """The coding for the headers of a request."""
    accepted = b",".join(value for name, value in given if name == b"accept-encoding")
    return choose(accepted.decode("latin-1")) if accepted else None


def varying(status: int, headers: Headers) -> Headers | None:
    """The headers of an answer that may be compressed; None where it may not."""
    if status != 200 or not _may_be_compressed(headers):
        return None
    return [*headers, _VARY]


def of_304(headers: Headers) -> Headers:
    """The headers of a 304 as those of its 200: it depends on what coding is asked for."""
    return [*headers, _VARY]


def is_worth_it(body: bytes) -> bool:
    """Whether a whole body is large enough to be compressed."""
    return len(body) >= LEAST_BYTES


def compressed(headers: Headers, coding: str, body: bytes) -> tuple[Headers, bytes]:
    """Headers and body of a whole answer, compressed."""
    one = encoder(coding)
    small = one.compress(body) + one.flush()
    return _encoded(headers, coding, len(small)), small


def whole(
    status: int, headers: Headers, body: bytes, coding: str | None
) -> tuple[Headers, bytes] | None:
    """Headers and body of what was read; None where compressing it would keep others waiting."""
    if status == HTTPStatus.NOT_MODIFIED:
        return of_304(headers), body
    varied = varying(status, headers)
    if varied is None:
        return headers, body
    if coding is None or not is_worth_it(body):
        return varied, body
    return None if len(body) > INLINE_BYTES else compressed(varied, coding, body)


def _wish(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    quality = parameter.strip().removeprefix("q=") if parameter else "1"
    try:
        return name.strip(), float(quality)
    except ValueError:
        return name.strip(), 0.0


class Compressed:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # HEAD is answered like GET (RFC 9110 section 9.3.2); the server leaves out the body.
        if scope["type"] != "http" or scope["method"] not in SAFE:
            await self._app(scope, receive, send)
            return
        answer = _Answer(wanted(scope["headers"]), send)
        await self._app(scope, receive, answer)
        await answer.cut_short()


class _Answer:
    """One answer on its way: its head waits for the first piece of its body."""

    def __init__(self, coding: str | None, send: Send) -> None:
        self._coding, self._send = coding, send
        self._head: Message | None = None
        self._encoder: Encoder | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._head is not None:
            await self._first(self._head, message)
        elif self._encoder is not None:
            await self._next(self._encoder, message)
        else:
            await self._send(message)

    async def cut_short(self) -> None:
        """Sends a head whose body never came: the server then ends the connection, so that the
        client sees that something is missing."""
        if self._head is not None:
            head, self._head = self._head, None
            await self._send(head)

    async def _begin(self, message: Message) -> None:
        if message["status"] == HTTPStatus.NOT_MODIFIED:
            await self._send({**message, "headers": of_304(list(message["headers"]))})
            return
        headers = varying(message["status"], list(message["headers"]))
        if headers is None:
            await self._send(message)
            return
        message = {**message, "headers": headers}
        if self._coding is None:
            await self._send(message)
        else:
            self._head = message

    async def _first(self, head: Message, message: Message) -> None:
        self._head, coding = None, self._coding or "gzip"
        body, more = message.get("body", b""), message.get("more_body", False)
        if not more and not is_worth_it(body):
            await self._send(head)
            await self._send(message)
        elif more:
            self._encoder = encoder(coding)
            await self._send({**head, "headers": _encoded(head["headers"], coding, None)})
            await self._next(self._encoder, message)
        else:
            if len(body) > INLINE_BYTES:
                headers, small = await asyncio.to_thread(compressed, head["headers"], coding, body)
            else:
                headers, small = compressed(head["headers"], coding, body)
            await self._send({**head, "headers": headers})
            await self._send({**message, "body": small})

    async def _next(self, encoder: Encoder, message: Message) -> None:
        more = message.get("more_body", False)
        piece = encoder.compress(message.get("body", b""))
        if not more:
            piece += encoder.flush()
        if piece or not more:
            await self._send({**message, "body": piece})


def _may_be_compressed(headers: Headers) -> bool:
    given = {name.lower(): value for name, value in headers}
    return (
        _TEXTS.match(given.get(b"content-type", b"")) is not None
        and b"content-encoding" not in given
        and b"no-store" not in given.get(b"cache-control", b"").lower()
    )


def _encoded(headers: Headers, coding: str, length: int | None) -> Headers:
    """The headers of the compressed answer. Its tag becomes a weak one: the bytes are others."""
    kept = [(n, _weak(v) if n.lower() == b"etag" else v) for n, v in _unmeasured(headers)]
    kept.append((b"content-encoding", coding.encode()))
    if length is not None:
        kept.append((b"content-length", b"%d" % length))
    return kept


def _unmeasured(headers: Headers) -> Iterable[tuple[bytes, bytes]]:
    return (each for each in headers if each[0].lower() != b"content-length")


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag
