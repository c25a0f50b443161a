"""The first to see every request: checks it, counts it, and sends it where it belongs.

A pure ASGI middleware. The gateway's own routes lie behind it, the services' beside them: a
request for a service never passes through the framework.
"""

import asyncio
import time
from collections.abc import Awaitable

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.entrance import (
    CLIENT_CLOSED,
    Entrance,
    Extra,
    Refused,
    bearer,
    request_id,
    target,
)
from services.gateway.forwarding.added import network_of_key, priority_header
from services.gateway.forwarding.exchange import UNDERWAY, ClientGone, Underway
from services.gateway.forwarding.forward import CutShort, Forwarding
from services.gateway.forwarding.remembered import Remembered, adding
from services.gateway.limits.open_streams import OpenStreams
from services.gateway.live.answers import HEADERS_ONLY
from services.gateway.upstreams.directory import Operation
from shared.errors import PayloadTooLarge, Problem, Unauthorized, Unavailable
from shared.observability.telemetry import QUIET
from shared.web import ending, problems
from shared.web.patience import LEFT

log = structlog.get_logger()


class _Rush:
    """What is refused because of load is logged once a second: a line each would be more load."""

    def __init__(self) -> None:
        self._count, self._logged_at = 0, 0.0

    def refused(self, now: float) -> None:
        self._count += 1
        if now - self._logged_at >= 1:
            log.info("requests_refused", problem=Unavailable.type, count=self._count)
            self._count, self._logged_at = 0, now


class GatewayMiddleware:
    """See the module's docstring. `streams` serves answers that last, apart from the others."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        entrance: Entrance,
        forwarding: Forwarding,
        remembered: Remembered,
        streams: ASGIApp,
        open_streams: OpenStreams,
    ) -> None:
        self._app, self._streams, self._entrance = app, streams, entrance
        self._open_streams, self._forwarding = open_streams, forwarding
        self._remembered, self._rush = remembered, _Rush()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        begun: Underway | None = scope["state"].get(UNDERWAY)
        if begun is None:
            scope["state"]["request_id"] = request_id(scope["headers"])
        entered = time.perf_counter() if begun is None else begun.entered
        try:
            if begun is not None:
                await self._go_on(begun, scope, receive, send)
            else:
                await _ensure_there(scope, receive)
                await self._enter(scope, receive, send)
        except ClientGone:
            log.info("client_left", request_id=scope["state"]["request_id"])
        except CutShort as cut:
            log.error("answer_cut_short", request_id=scope["state"]["request_id"], reason=str(cut))
        except Refused as refused:
            self._entrance.turned_away(scope, refused.problem, time.perf_counter() - entered)
            await self._render(refused.problem, refused.headers, scope, receive, send)
        except Problem as problem:
            self._entrance.turned_away(scope, problem, time.perf_counter() - entered)
            await self._render(problem, (), scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        network = self._entrance.check(scope)
        if not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        operation = self._entrance.operation(scope)
        try:
            caller = await _identify(scope)
        except Unauthorized:
            self._entrance.count(network, operation)  # a forged token costs its sender, not us
            raise
        counted = self._entrance.count(caller or network, operation)
        if operation.service != "gateway":
            await self._forward(operation, counted, caller, scope, receive, send)
            return
        key = network_of_key(scope["headers"], network)
        scope["headers"] += [priority_header(operation.priority), *key]
        if scope["method"] == "HEAD":  # the server leaves the body out
            scope["state"][HEADERS_ONLY] = True
            ours = self._streams if operation.operation_class == "live" else self._app
            await ours({**scope, "method": operation.method}, receive, send)
        elif operation.operation_class == "live":
            with self._open_streams.place(caller or network):
                await self._streams(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _forward(
        self,
        operation: Operation,
        extra: list[tuple[bytes, bytes]],
        caller: str | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        upstream = self._entrance.registry.upstreams[operation.service]
        extra.append((b"x-request-id", scope["state"]["request_id"].encode()))
        started = time.perf_counter()
        self._note_change(scope, caller)
        if self._remembered.serves(operation, caller):
            answering = self._remembered.answer(operation, scope, adding(extra, send))
        else:
            answering = self._forwarding(
                upstream, operation, target(scope), extra, scope, receive, send
            )
        try:
            await self._measured(operation, started, answering)
        finally:
            self._note_change(scope, caller)

    async def _go_on(self, begun: Underway, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that was sent to its service already."""
        answering = self._forwarding.go_on(begun, scope, receive, send)
        try:
            await self._measured(begun.operation, begun.entered, answering)
        finally:
            self._remembered.changed(begun.changed_by)

    async def _measured(
        self, operation: Operation, started: float, answering: Awaitable[int]
    ) -> None:
        status = CLIENT_CLOSED
        try:
            status = await answering
        except Problem:
            status = 0  # counted where every refusal is
            raise
        finally:
            if status:
                self._entrance.measure(operation, status, time.perf_counter() - started)

    def _note_change(self, scope: Scope, caller: str | None) -> None:
        """Before it is made and after: the caller may ask as soon as they are answered."""
        if scope["method"] not in ("GET", "HEAD"):
            self._remembered.changed(caller)

    async def _render(
        self, problem: Problem, extra: Extra, scope: Scope, receive: Receive, send: Send
    ) -> None:
        response = problems.render(Request(scope), problem)
        response.headers["x-request-id"] = scope["state"]["request_id"]
        for name, value in extra:
            response.headers[name.decode()] = value.decode()
        if isinstance(problem, Unavailable):
            self._rush.refused(time.monotonic())
        else:
            log.info(
                "request_refused", problem=problem.type, request_id=scope["state"]["request_id"]
            )
        if isinstance(problem, PayloadTooLarge):
            await ending.answer_and_end(response, scope, receive, send)
        else:
            await response(scope, receive, send)


async def _ensure_there(scope: Scope, receive: Receive) -> None:
    """Raises ClientGone for a request that was left before its turn came.

    The end of a connection is read one turn of the loop after what was sent before it.
    """
    await asyncio.sleep(0)
    has_left = scope["state"].get(LEFT)
    if has_left is not None and has_left():
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ClientGone


async def _identify(scope: Scope) -> str | None:
    """The subject of the token, None without one. Raises Unauthorized for a bad one."""
    token = bearer(scope["headers"])
    if token is None:
        return None
    scope["state"]["caller"] = caller = await scope["state"]["verifier"].caller(token)
    return f"sub:{caller.sub}"
