"""The short way from the server to a route: what the standard stack does, in one piece.

FastAPI declares the operations and documents them. Their requests come by here: found in a tree,
let in, answered, written down by one middleware instead of eight. What this knows no way for (a
form, an import, a method that an address does not have, health, documents) takes the standard
stack, which is kept whole and gives the same answers; `ONEDOOR_STANDARD_STACK=1` takes it for all.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.routing import Route as PlainRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Problem
from shared.observability.telemetry import (
    QUIET,
    RequestLog,
    Tracing,
    leave,
    request_id_of,
    stand_in,
)
from shared.web import solving
from shared.web.admission import MAX_BODY, BodyRefused, Bounded, Places, refuse
from shared.web.bodies import PlainRequest
from shared.web.dependencies import DECLARED_ONLY, OF_A_READING
from shared.web.idempotency import SAFE
from shared.web.path_tree import PathTree
from shared.web.routing import Handler, Route
from shared.web.security_headers import completed

_ErrorHandler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class _Operation:
    """One operation. `answer` None: it takes the standard stack."""

    order: int
    answer: Handler | None = None
    route: BaseRoute | None = None
    endpoint: Any = None
    parameters: tuple[tuple[int, str], ...] = ()
    """Which segment of the path, counted after the first slash, is which parameter."""


@dataclass
class _Place:
    """What stands at one template."""

    operations: dict[str, _Operation] = field(default_factory=dict)


async def _nowhere(_: Request) -> Response:
    raise HTTPException(404)


_NOWHERE = _Operation(0, _nowhere)


class Directory:
    """Finds the operation of a request as FastAPI does: the first that was declared and fits."""

    def __init__(self, app: FastAPI) -> None:
        self._tree = PathTree(_Place)
        self._is_whole = True
        """Whether every address that the application knows stands in the tree."""
        self._known = 0
        self.add_later(app)

    def add_later(self, app: FastAPI) -> None:
        """The operations that were declared behind those that it knows."""
        order = -1
        for order, context in enumerate(iter_route_contexts(app.routes)):
            if order >= self._known:
                self._add(order, context, app)
        self._known = order + 1

    def find(self, path: str, method: str) -> _Operation | None:
        """None where only the standard stack knows what to answer."""
        found: _Operation | None = None
        places = self._tree.fitting(path)
        for place in places:
            operation = place.operations.get(method)
            if operation is not None and (found is None or operation.order < found.order):
                found = operation
        if found is not None:
            return found if found.answer is not None else None
        is_known = places or not self._is_whole or self._tree.fitting(_other_way(path))
        return None if is_known else _NOWHERE

    def _add(self, order: int, context: RouteContext, app: FastAPI) -> None:
        template, methods = context.path_format, context.methods
        if not template or not methods or not isinstance(context.original_route, PlainRoute):
            self._is_whole = False
            return
        operation = _operation(order, context, app)
        if any(":" in part for part in (context.path or "").split("{")[1:]):
            self._is_whole = False  # a parameter of a kind of its own, which may span segments
            return
        for method in methods:
            self._tree.at_template(template).operations.setdefault(method, operation)


def _other_way(path: str) -> str:
    """Where an address that nobody has is sent on to, if somebody has that."""
    return path.rstrip("/") if path.endswith("/") else path + "/"


def _operation(order: int, context: RouteContext, app: FastAPI) -> _Operation:
    route = context.original_route
    segments = (context.path_format or "")[1:].split("/")
    named = [(place, part[1:-1]) for place, part in enumerate(segments) if part.startswith("{")]
    is_simple = all(segments[place] == f"{{{name}}}" for place, name in named) and not any(
        "{" in part for part in segments if not part.startswith("{")
    )
    if not isinstance(route, Route) or not is_simple or MAX_BODY in (context.openapi_extra or {}):
        return _Operation(order)
    late = OF_A_READING if (context.methods or set()) <= SAFE else frozenset[Any]()
    how = solving.Shortcuts(DECLARED_ONLY, late)
    handle = solving.handler_of(context, app, how)
    if handle is None:
        return _Operation(order)
    answer = route.answering(handle)
    return _Operation(order, answer, route, context.endpoint, tuple(named))


class _Answer:
    """`send` of one request: adds what every answer says, and remembers what was said."""

    __slots__ = ("_request_id", "_send", "is_started", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._request_id = send, request_id.encode()
        self.status, self.is_started = 500, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.is_started = message["status"], True
            headers = [*message["headers"], (b"x-request-id", self._request_id)]
            message = {**message, "headers": completed(headers)}
        await self._send(message)


class LeanStack:
    """The application as the server calls it; see the module's docstring."""

    def __init__(
        self,
        directory: Directory,
        app: FastAPI,
        standard: ASGIApp,
        *,
        service: str,
        places: Places,
        log: RequestLog,
        tracing: Tracing,
    ) -> None:
        self._app, self._standard, self._service = app, standard, service
        self._places, self._log, self._tracing = places, log, tracing
        self._directory = directory
        directory.add_later(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operation(scope) if scope["type"] == "http" else None
        if operation is None:
            await self._standard(scope, receive, send)
        else:
            await self._observed(operation, scope, receive, send)

    def _operation(self, scope: Scope) -> _Operation | None:
        path = scope["path"]
        # A line's end matches the end of an expression, and "/" is nobody's.
        is_odd = path in QUIET or path == "/" or "\n" in path or scope.get("root_path")
        return None if is_odd else self._directory.find(path, scope["method"])

    async def _observed(
        self, operation: _Operation, scope: Scope, receive: Receive, send: Send
    ) -> None:
        started, given, parent = time.perf_counter(), None, None
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"traceparent":
                parent = value
        request_id = request_id_of(given)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._traced(operation, scope, receive, answer, parent)
        except Exception as error:
            self._log.record(scope, answer.status, time.perf_counter() - started)
            await self._fail(error, scope, receive, send, answer)
            raise
        else:
            self._log.record(scope, answer.status, time.perf_counter() - started)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    async def _traced(
        self,
        operation: _Operation,
        scope: Scope,
        receive: Receive,
        answer: _Answer,
        given: bytes | None,
    ) -> None:
        parent = given.decode("latin-1") if given else None
        if self._tracing.is_collected:
            with self._tracing.span(f"{scope['method']} {self._service}", parent=parent):
                await self._let_in(operation, scope, receive, answer)
            return
        inside = stand_in(parent)
        try:
            await self._let_in(operation, scope, receive, answer)
        finally:
            leave(inside)

    async def _let_in(
        self, operation: _Operation, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        limit = self._places.body_limit
        try:
            visit = await self._places.enter(scope, limit)
        except Problem as problem:
            await refuse(scope, receive, answer, problem)
            return
        try:
            await self._answered(operation, scope, Bounded(receive, limit), answer)
        except BodyRefused as refusal:
            if answer.is_started:
                raise
            await refuse(scope, receive, answer, refusal.problem)
        finally:
            self._places.leave(visit)

    async def _answered(
        self, operation: _Operation, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        scope["app"], scope["router"] = self._app, self._app.router
        if operation.route is not None:
            segments = scope["path"][1:].split("/")
            scope["route"], scope["endpoint"] = operation.route, operation.endpoint
            scope["path_params"] = {name: segments[at] for at, name in operation.parameters}
        request = PlainRequest(scope, receive, answer)
        try:
            assert operation.answer is not None
            response = await operation.answer(request)
            await response(scope, receive, answer)
        except Exception as error:
            handler = self._handler(error)
            if handler is None or answer.is_started:
                raise
            response = await handler(request, error)
            await response(scope, receive, answer)
            error.__traceback__ = None  # one that is raised again grows with each request

    def _handler(self, error: Exception) -> _ErrorHandler | None:
        for kind in type(error).__mro__:
            handler: Any = self._app.exception_handlers.get(kind)
            if handler is not None and kind is not Exception:
                return handler  # type: ignore[no-any-return]
        return None

    async def _fail(
        self, error: Exception, scope: Scope, receive: Receive, send: Send, answer: _Answer
    ) -> None:
        """A defect of ours: the caller is answered, and the server is told as well."""
        handler: Any = self._app.exception_handlers.get(Exception)
        if handler is None or answer.is_started:
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": completed(message["headers"])}
            await send(message)

        response = await handler(Request(scope), error)
        await response(scope, receive, guarded)
