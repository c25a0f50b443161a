"""Answers that are the same for everybody, given again for a moment without asking the service.

Screens and people in a crowd ask one question a thousand times a second. An operation that says
`x-remembered-seconds` is asked once for all of them; while the service is too busy to be asked
again, the last answer goes on for `STALE_SECONDS`. Whoever has just changed something is not
answered from here: they see what they did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from cachetools import TTLCache
from starlette.types import Message, Receive, Scope, Send

from services.gateway.forwarding.headers import Headers
from shared.cache import Cache
from shared.errors import Problem

MOST = 2_000
FRESH_SECONDS = 1.0
STALE_SECONDS = 10.0
_ASKED_WITH = (b"accept-language", b"traceparent")
_OF_A_BODY = (b"content-type", b"content-length", b"content-language")


class Answer(NamedTuple):
    """A whole answer of a service."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


Forward = Callable[[Scope, Receive, Send], Awaitable[int]]


class Remembered:
    """The last answers by address and language."""

    def __init__(self) -> None:
        self._fresh = Cache[tuple[bytes, bytes], Answer](most=MOST, seconds=FRESH_SECONDS)
        self._stale = Cache[tuple[bytes, bytes], Answer](most=MOST, seconds=STALE_SECONDS)
        self._changed: TTLCache[str, bool] = TTLCache(50_000, 2 * FRESH_SECONDS)

    def changed(self, caller: str | None) -> None:
        """The caller has changed something just now."""
        if caller is not None:
            self._changed[caller] = True

    def serves(self, caller: str | None) -> bool:
        """Whether the caller may be answered from here."""
        return caller not in self._changed

    async def answer(self, target: bytes, scope: Scope, send: Send, forward: Forward) -> int:
        """Answers as the service did last, or does now; returns the status. Raises a Problem."""
        key = target, _header(scope["headers"], b"accept-language")
        found = await self._fresh.get(key, lambda: self._ask(key, scope, forward))
        known = _header(scope["headers"], b"if-none-match")
        tag = _header(found.headers, b"etag")
        if found.status == 200 and tag and tag in {each.strip() for each in known.split(b",")}:
            headers = [(n, v) for n, v in found.headers if n not in _OF_A_BODY]
            found = Answer(304, headers, b"")
        start = {"type": "http.response.start", "status": found.status, "headers": found.headers}
        await send(start)
        await send({"type": "http.response.body", "body": found.body})
        return found.status

    async def _ask(self, key: tuple[bytes, bytes], scope: Scope, forward: Forward) -> Answer:
        """The service's answer; while it is too busy, the last one."""
        try:
            found = await _whole(scope, forward)
        except Problem:
            if (last := self._stale.peek(key)) is None:
                raise
            return last
        if found.status == 200:
            self._stale.put(key, found)
        elif found.status >= 500 and (last := self._stale.peek(key)) is not None:
            return last
        return found


def adding(extra: list[tuple[bytes, bytes]], send: Send) -> Send:
    """`send` with `extra` headers on the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending


async def _whole(scope: Scope, forward: Forward) -> Answer:
    """Asks for nobody in particular: without a token, and without what the first asker knows."""
    status, headers, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend(message["headers"])
        else:
            parts.append(message.get("body", b""))

    asked = [(n, v) for n, v in scope["headers"] if n in _ASKED_WITH]
    await forward({**scope, "headers": asked}, _never, keep)
    return Answer(status, headers, b"".join(parts))


async def _never() -> Message:
    """Nobody in particular never leaves."""
    message: Message = await asyncio.get_running_loop().create_future()
    return message


def _header(headers: Headers, name: bytes) -> bytes:
    return next((value for given, value in headers if given == name), b"")
