"""Bounded work: a limit of requests in flight, of body size, and of how slowly a body may come.

Above the limit a request waits briefly, in the order of its priority, and is then refused with 503
and Retry-After, rather than joining a queue that only grows. What nobody waits for any more is not
begun. Health and metrics are always let in.

An operation that takes larger bodies than the service's own limit, such as an import, says so in
its route's `openapi_extra`, where the gateway reads it as well: `MAX_BODY`, in bytes. Of such
bodies only a few are held in memory at a time.
"""

import asyncio
import math
import re
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import BadRequest, PayloadTooLarge, Problem, Text, Unavailable
from shared.observability.telemetry import QUIET
from shared.settings import Settings
from shared.web import documents, ending, problems
from shared.web.gate import Gate, Limit, TurnedAway, Visit, entered
from shared.web.patience import patience_of, priority_of

MAX_BODY = "x-max-body-bytes"
LARGE_AT_ONCE = 2
BODY_SECONDS = 15
HEADER_BYTES = 16_384

log = structlog.get_logger()


class BodyRefused(Exception):
    """Raised inside `receive`, to leave the application from wherever it reads."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class Places:
    """What a service has at work, whichever way it came in."""

    def __init__(self, settings: Settings) -> None:
        limit, self.wait_seconds = settings.in_flight_limit, settings.in_flight_wait_seconds
        self.body_limit = settings.body_limit_bytes
        self._gate = Gate(
            Limit(least=limit, most=limit, first=limit), wait_seconds=self.wait_seconds
        )

    async def enter(self, scope: Scope, limit: int) -> Visit:
        """A place for a request that can be read, by its head and with a body up to `limit`, and
        that somebody waits for. Raises the Problem that says why there is none.
        """
        problem = _unreadable(scope, limit)
        if problem is not None:
            raise problem
        try:
            return await self._visit(scope)
        except TurnedAway as away:
            raise Unavailable(retry_after=away.retry_after) from None

    async def _visit(self, scope: Scope) -> Visit:
        loop = asyncio.get_running_loop()
        patience = patience_of(scope, loop.time())
        scope.setdefault("state", {})["patience"] = patience
        priority, left = priority_of(scope), patience.left(loop.time())
        if not left:
            raise TurnedAway(1)
        visit = await entered(self._gate, priority, within=left)
        if not patience.left(loop.time()):
            self._gate.leave(visit, loop.time(), counts=False)
            raise TurnedAway(1)
        return visit

    def leave(self, visit: Visit) -> None:
        self._gate.leave(visit, asyncio.get_running_loop().time())


class LargerBodies:
    """The operations that take larger bodies, found when the first request asks for them: a
    middleware is made before the routes are."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: list[tuple[set[str], re.Pattern[str], int]] | None = None

    def limit(self, scope: Scope, usual: int) -> int:
        """How many bytes a body may have there."""
        known = self._known = self._find() if self._known is None else self._known
        fitting = (
            limit
            for methods, path, limit in known
            if scope["method"] in methods and path.match(scope["path"])
        )
        return max(fitting, default=usual)

    def _find(self) -> list[tuple[set[str], re.Pattern[str], int]]:
        return [
            (route.methods or set(), compile_path(route.path or "")[0], limit)
            for route in documents.routes_of(self._app)
            if (limit := _declared(route.openapi_extra)) is not None
        ]


def _declared(extra: Mapping[str, object] | None) -> int | None:
    limit = (extra or {}).get(MAX_BODY)
    return limit if isinstance(limit, int) else None


class Admission:
    """Pure ASGI middleware, see the module's docstring."""

    def __init__(self, app: ASGIApp, *, places: Places, operations: FastAPI) -> None:
        self._app, self._places = app, places
        self._larger = LargerBodies(operations)
        self._large_places = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        limit = self._larger.limit(scope, self._places.body_limit)
        try:
            visit = await self._places.enter(scope, limit)
        except Problem as problem:
            await refuse(scope, receive, send, problem)
            return
        try:
            await self._one_of_few(limit, scope, receive, send)
        finally:
            self._places.leave(visit)

    async def _one_of_few(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Those that may be large wait for one of few places; a small body takes none."""
        if limit <= self._places.body_limit or _announced(scope) <= self._places.body_limit:
            await _limited(self._app, limit, scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._places.wait_seconds):
                await self._large_places.acquire()
        except TimeoutError:
            await refuse(scope, receive, send, Unavailable(retry_after=5))
            return
        try:
            await _limited(self._app, limit, scope, receive, send)
        finally:
            self._large_places.release()


def _announced(scope: Scope) -> float:
    """Its Content-Length, 0 without a body; without end where it is chunked, or no number."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    is_known = b"transfer-encoding" not in headers and length.isdigit()
    return int(length[:20]) if is_known else math.inf


def _unreadable(scope: Scope, limit: int) -> Problem | None:
    """What is wrong with a request by its head alone."""
    size, length = 0, None
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if length is None and name == b"content-length":
            length = value
    if size > HEADER_BYTES:
        return BadRequest(Text("请求头太大", "The request headers are too large"))
    raw_path = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
    if b"%00" in raw_path or "\x00" in scope["path"]:
        return BadRequest(Text("地址含有空字符", "The address holds a NUL character"))
    if length is not None and (not length.isdigit() or int(length[:20]) > limit):
        return _too_large(limit)
    return None


def _too_large(limit: int) -> Problem:
    kilobytes = limit // 1000
    return PayloadTooLarge(
        Text(f"内容不能超过 {kilobytes} kB", f"The content must not exceed {kilobytes} kB"),
        pointer="/body",
        limit_bytes=limit,
    )


class Bounded:
    """`receive`, until the body is complete: at most `limit` bytes, and none that come too slowly.

    Raises BodyRefused.
    """

    __slots__ = ("_is_complete", "_limit", "_receive", "_received")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._received, self._is_complete = 0, False

    async def __call__(self) -> Message:
        if self._is_complete:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await self._receive()
        except TimeoutError:
            slow = Text("内容传输太慢", "The content came too slowly")
            raise BodyRefused(BadRequest(slow)) from None
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._received > self._limit:
            raise BodyRefused(_too_large(self._limit))
        return message


async def _limited(app: ASGIApp, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    started = False

    async def tracked(message: Message) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await app(scope, Bounded(receive, limit), tracked)
    except BodyRefused as refusal:
        if started:
            raise
        await refuse(scope, receive, send, refusal.problem)


async def refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    """Answers what is not let in."""
    log.info("request_refused", problem=problem.type)
    response = problems.render(Request(scope), problem)
    if isinstance(problem, PayloadTooLarge):
        await ending.answer_and_end(response, scope, receive, send)
    else:
        await response(scope, receive, send)
