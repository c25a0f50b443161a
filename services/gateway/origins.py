"""Pages of other origins that may call the API: those in `GATEWAY_CORS_ORIGINS`, by default none.

They get at the API and what describes it, and at nothing else that the gateway serves: not at the
figures at work, which a browser inside could read out to a page from outside.

Who calls is proven by a token that the page itself holds, never by a cookie, so that no answer
allows credentials. A browser asks first (a preflight), without any token: it is answered here.
"""

import re
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVERYWHERE = "*"
KEPT_SECONDS = 600
API, DOCUMENTS = "/api/", ("/openapi.json", "/asyncapi.json")
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED = (
    b"ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy, Idempotent-Replayed,"
    b" Content-Disposition, WWW-Authenticate, Deprecation, Link"
)
"""What a page may read of an answer besides what every page may (Content-Type and the like)."""

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_NAMES = re.compile(rb"[A-Za-z0-9\-_, ]{0,1000}")
_VARY = (b"vary", b"Origin")

Headers = list[tuple[bytes, bytes]]


def origins(listed: str) -> frozenset[str]:
    """The origins of a comma separated list. Raises ValueError, which repeats none of them."""
    found = {each.strip() for each in listed.split(",") if each.strip()}
    if not all(each == EVERYWHERE or _ORIGIN.fullmatch(each) for each in found):
        raise ValueError("not a list of origins such as https://a.example,http://localhost:5173")
    return frozenset(each.lower() for each in found)


class OtherOrigins:
    """ASGI middleware: answers preflights of `allowed` origins, and lets them read answers."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (more := granted(self._allowed, scope)):
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        asks = scope["method"] == "OPTIONS" and b"access-control-request-method" in given
        if asks and len(more) > 1:
            await _answer(send, more, given.get(b"access-control-request-headers", b""))
            return
        await self._app(scope, receive, _adding(send, more))


def granted(allowed: Collection[str], scope: Scope) -> Headers:
    """What is added to the answer of a request: nothing, or that it depends on who asks, and where
    they are `allowed` to that they may read it."""
    if not (allowed and _is_for_pages(scope["path"])):
        return []
    origin = dict(scope["headers"]).get(b"origin")
    if origin is None or not _allows(allowed, origin):
        return [_VARY]
    let_in = (b"access-control-allow-origin", origin)
    return [let_in, _VARY, (b"access-control-expose-headers", EXPOSED)]


def _allows(allowed: Collection[str], origin: bytes) -> bool:
    return EVERYWHERE in allowed or origin.decode("latin-1").lower() in allowed


def _is_for_pages(path: str) -> bool:
    return path.startswith(API) or path in DOCUMENTS


def joined(headers: Headers, more: Headers) -> Headers:
    """An answer's headers with these besides; what it says of itself stands."""
    names = {name.lower() for name, _ in headers} - {b"vary"}
    return headers + [each for each in more if each[0] not in names]


def _adding(send: Send, more: Headers) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": joined(list(message["headers"]), more)}
        await send(message)

    return sending


async def _answer(send: Send, let_in: Headers, wanted: bytes) -> None:
    """Every header that is asked for is allowed: none of them proves anything by itself."""
    headers = [
        *let_in[:2],
        (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-max-age", b"%d" % KEPT_SECONDS),
    ]
    if wanted and _NAMES.fullmatch(wanted):
        headers.append((b"access-control-allow-headers", wanted))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
