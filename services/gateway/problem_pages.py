"""A refusal as a page, for who reads with a browser; programs get the problem document.

`?lang=` holds for whatever a browser opens, the answers of the services too, which know only
Accept-Language.
"""

from collections.abc import Iterable, Sequence

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import html
from shared.errors import MEDIA_TYPE

Headers = Sequence[tuple[bytes, bytes]]
_MAY_BE_ABSENT = {"detail": None, "errors": None}
_DOCUMENTS = (MEDIA_TYPE, "application/json", "application/*")
_REPLACED = (b"content-type", b"content-length", b"vary")
_LOCALES = {b"lang=zh": b"zh-CN", b"lang=en": b"en"}


def wants_pages(headers: Headers) -> bool:
    """Whether Accept names text/html and nothing else as much: a browser's does (RFC 9110 12.5.1).

    Who takes anything at all, as curl does, wants the document.
    """
    accepted = b",".join(value for name, value in headers if name == b"accept")
    if b"text/html" not in accepted:
        return False
    wishes = dict(map(_wish, accepted.decode("latin-1").lower().split(",")))
    page, anything = wishes.get("text/html", 0.0), wishes.get("*/*", 0.0)
    return page >= anything and page > max(wishes.get(kind, 0.0) for kind in _DOCUMENTS)


def _wish(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return kind, float(quality)
    except ValueError:
        return kind, 0.0


class ProblemPages:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not wants_pages(scope["headers"]):
            await self._app(scope, receive, send)
            return
        await self._app(_in_its_language(scope), receive, _RefusalAsPage(scope, send))


def _in_its_language(scope: Scope) -> Scope:
    """The request in the language that its address asks for; the services know no such query."""
    query: list[bytes] = scope["query_string"].split(b"&")
    locale = next((found for each in query if (found := _LOCALES.get(each))), None)
    if locale is None:
        return scope
    others = [each for each in scope["headers"] if each[0] != b"accept-language"]
    asked = {**scope, "headers": [*others, (b"accept-language", locale)]}
    if scope["path"].startswith("/api/"):
        asked["query_string"] = b"&".join(each for each in query if each not in _LOCALES)
    return asked


class _RefusalAsPage:
    """One answer on its way: that of a problem is held back until its document is whole."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._head: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message["headers"]):
            self._head = message
        elif self._head is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._head)

    async def _finish(self, head: Message) -> None:
        problem = _MAY_BE_ABSENT | orjson.loads(self._body)
        problem["request_id"] = self._scope["state"].get("request_id")
        english = any(one == (b"content-language", b"en") for one in head["headers"])
        page = html.page(
            Request(self._scope),
            "problem.html",
            language="en" if english else "zh",
            problem=problem,
            place=problem["type"] if problem["type"].startswith("/problems/") else None,
        )
        kept = [one for one in head["headers"] if one[0].lower() not in _REPLACED]
        names = {name.lower() for name, _ in kept}
        kept += [one for one in page.raw_headers if one[0] not in names]
        kept.append((b"vary", b"Accept, Accept-Language"))
        await self._send({**head, "headers": kept})
        await self._send({"type": "http.response.body", "body": page.body})


def _is_problem(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return (b"content-type", MEDIA_TYPE.encode()) in [(n.lower(), v) for n, v in headers]
