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
        if scope["type"] != "http" or not (self._allowed and _is_for_pages(scope["path"])):
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        origin = given.get(b"origin")
        if origin is None or not self._allows(origin):
            await self._app(scope, receive, _adding(send, [_VARY]))
            return
        granted = [(b"access-control-allow-origin", origin), _VARY]
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in given:
            await _answer(send, granted, given.get(b"access-control-request-headers", b""))
            return
        readable = [*granted, (b"access-control-expose-headers", EXPOSED)]
        await self._app(scope, receive, _adding(send, readable))

    def _allows(self, origin: bytes) -> bool:
        return EVERYWHERE in self._allowed or origin.decode("latin-1").lower() in self._allowed


def _is_for_pages(path: str) -> bool:
    return path.startswith(API) or path in DOCUMENTS


def _adding(send: Send, more: list[tuple[bytes, bytes]]) -> Send:
    """Sends with these headers besides; what an answer says of itself stands."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            names = {name.lower() for name, _ in headers} - {b"vary"}
            message = {**message, "headers": headers + [h for h in more if h[0] not in names]}
        await send(message)

    return sending


async def _answer(send: Send, granted: list[tuple[bytes, bytes]], wanted: bytes) -> None:
    """Every header that is asked for is allowed: none of them proves anything by itself."""
    headers = [
        *granted,
        (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-max-age", b"%d" % KEPT_SECONDS),
    ]
    if wanted and _NAMES.fullmatch(wanted):
        headers.append((b"access-control-allow-headers", wanted))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
