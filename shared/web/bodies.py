"""The body of a request, before anything is made of it: its type, its characters, its fields."""

import json
from collections.abc import Collection
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from shared.errors import BadRequest, Invalid, Text, UnsupportedMediaType

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
SHEETS = ("text/csv", "application/octet-stream")
"""A table, also from clients that send every file as plain octets."""
ALSO = "x-also-takes"
"""In a route's `openapi_extra`: the other kinds of file that it takes and reads by itself."""

_NUL = Text("内容含有不允许的空字符", "The content holds a NUL character, which is not allowed")

_NO_BODY = Text(
    "这个操作不需要请求内容，请去掉；所写的内容不会起作用",
    "This operation takes no body; please leave it out, for it would change nothing",
)


class _Twice(Exception):
    """A JSON object names this field twice, and readers differ in which of the two counts."""


class KeptHeaders(Headers):
    """Headers that are found by their names, where Starlette looks through all of them each time;
    of several with one name the first, as there."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first: dict[bytes, bytes] = {}
        for name, value in self.raw:
            self._first.setdefault(name, value)

    def get(self, key: str, default: Any = None) -> Any:
        found = self._first.get(key.lower().encode("latin-1"))
        return default if found is None else found.decode("latin-1")


class PlainRequest(Request):
    """A request whose headers are looked up and whose body is read without detours."""

    @property
    def headers(self) -> Headers:
        if not hasattr(self, "_headers"):
            self._headers = KeptHeaders(self.scope)
        return self._headers

    async def body(self) -> bytes:
        if hasattr(self, "_body") or self._stream_consumed:
            return await super().body()
        pieces: list[bytes] = []
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        self._stream_consumed = True
        self._body = b"".join(pieces)
        return self._body


class JsonRequest(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, request: Request, body: bytes, value: Any, sent: Any = None) -> None:
        """`sent` is the value as it was sent, where `value` has more to it."""
        scope = request.scope
        if "content-type" not in request.headers:  # there was no body to say it of
            typed = [*scope["headers"], (b"content-type", b"application/json")]
            scope = {**scope, "headers": typed}
        else:
            self._headers = request.headers
        super().__init__(scope, request.receive)
        self._read, self._value = body, value
        self.sent = value if sent is None else sent

    async def body(self) -> bytes:
        return self._read

    async def json(self) -> Any:
        """The value that the body stands for."""
        return self._value


def is_form(request: Request) -> bool:
    """Whether it is read piece by piece, and so only once."""
    return request.headers.get("content-type", "").startswith("multipart/")


def announced(request: Request) -> bool:
    """Whether the headers say that a body follows."""
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


class FileRequest(PlainRequest):
    """A request whose body is a file that nobody parses before the operation does."""

    def __init__(self, request: Request, body: bytes) -> None:
        typed = [each for each in request.scope["headers"] if each[0] != b"content-type"]
        scope = {**request.scope, "headers": [*typed, (b"content-type", SHEETS[1].encode())]}
        super().__init__(scope, request.receive)
        self._body = body


async def checked(
    request: Request, media: str | None, also: Collection[str] = frozenset()
) -> Request:
    """The request, its body read; `media` is what the operation takes, None for none at all. A file
    of a kind that it takes `also` is handed over as it is.

    Raises UnsupportedMediaType, BadRequest or Invalid.
    """
    if is_form(request):
        if media is None:
            raise Invalid(_NO_BODY, pointer="/body")
        if media not in FORMS:
            raise _other(media)
        return request
    body = await request.body()
    if media is None:
        return _without_body(request, body)
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given in also and not given.endswith("json"):
        return FileRequest(request, body)
    # PostgreSQL's text cannot hold NUL, however it is written in JSON.
    if b"\\u0000" in body or b"\x00" in body:
        raise BadRequest(_NUL, pointer="/body")
    if not body:
        return request
    if given in also:
        return FileRequest(request, body)
    if media == "application/json":
        if given != media and not given.endswith("+json"):
            raise _other(media)
        return await _parsed(request, body)
    if given != media and not any(given in same and media in same for same in (FORMS, SHEETS)):
        raise _other(media)
    return request


def _without_body(request: Request, body: bytes) -> Request:
    """The request of an operation that takes no body; an empty object, as many clients send, is
    none. Raises Invalid for any other, which would be ignored without a word."""
    if not body:
        return request
    if body.strip() not in (b"", b"null") and b"".join(body.split()) != b"{}":
        raise Invalid(_NO_BODY, pointer="/body")
    return JsonRequest(request, b"", None)


def _other(media: str) -> UnsupportedMediaType:
    detail = Text(f"请用 Content-Type: {media} 提交", f"Please send it as Content-Type: {media}")
    return UnsupportedMediaType(detail, pointer="/header/Content-Type")


async def _parsed(request: Request, body: bytes) -> Request:
    """The request with its parsed body; what is no JSON is left to be named by the framework."""
    try:
        value = _READER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except _Twice as twice:
        name = str(twice)[:50]
        raise Invalid(
            Text(
                f"字段“{name}”写了两次，请只留一个",
                f"The field “{name}” stands there twice; please keep one",
            ),
            pointer="/body",
        ) from None
    except (ValueError, RecursionError):
        return request
    return JsonRequest(request, body, value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return made


_READER = json.JSONDecoder(object_pairs_hook=_once)
"""Kept, because `json.loads` makes one for each text; it reads bytes in the same way."""
