"""The first to see every request: checks it, counts it, and sends it where it belongs.

A pure ASGI middleware. The gateway's own routes lie behind it, the services' beside them: a
request for a service never passes through the framework.
"""

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

import structlog
from fastapi import Request
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.forwarding import headers, targets
from services.gateway.forwarding.exchange import ClientGone
from services.gateway.forwarding.forward import (
    CutShort,
    Forwarding,
    network_of_key,
    priority_header,
)
from services.gateway.forwarding.remembered import Remembered, adding
from services.gateway.limits import rules as limits
from services.gateway.limits.gcra import Limiter, Rate
from services.gateway.limits.open_streams import OpenStreams
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.registry import Registry
from shared.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Problem,
    Text,
    TooMany,
    Unauthorized,
    Unavailable,
)
from shared.ids import new_id
from shared.observability.metrics import Metrics
from shared.observability.telemetry import QUIET
from shared.web import ending, problems
from shared.web.patience import LEFT

CLIENT_CLOSED = 499

log = structlog.get_logger()

Extra = Iterable[tuple[bytes, bytes]]

_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")


class Refused(Exception):
    """A problem, and headers that go with it."""

    def __init__(self, problem: Problem, headers: Extra) -> None:
        self.problem, self.headers = problem, headers


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
        registry: Registry,
        forwarding: Forwarding,
        remembered: Remembered,
        proxies: headers.Proxies,
        rates: Mapping[str, Rate],
        streams: ASGIApp,
        open_streams: OpenStreams,
        metrics: Metrics,
    ) -> None:
        self._app, self._streams, self._registry = app, streams, registry
        self._open_streams = open_streams
        self._forwarding, self._proxies, self._metrics = forwarding, proxies, metrics
        self._rates, self._limiter, self._remembered = rates, Limiter(), remembered
        self._rush = _Rush()
        self._measures: dict[tuple[Operation, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        scope["state"]["request_id"] = request_id = _request_id(scope["headers"])
        entered = time.perf_counter()
        try:
            await _ensure_there(scope, receive)
            await self._enter(scope, receive, send)
        except ClientGone:
            log.info("client_left", request_id=request_id)
        except CutShort as cut:
            log.error("answer_cut_short", request_id=request_id, reason=str(cut))
        except Refused as refused:
            self._turned_away(scope, refused.problem, time.perf_counter() - entered)
            await self._render(refused.problem, refused.headers, scope, receive, send)
        except Problem as problem:
            self._turned_away(scope, problem, time.perf_counter() - entered)
            await self._render(problem, (), scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._refuse_malformed(scope)
        peer = (scope.get("client") or (None,))[0]
        network = limits.address_key(self._proxies.client(peer, scope["headers"]))
        scope["state"]["network"] = network
        scope["headers"] = headers.unclaimed(scope["headers"])
        if not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        operation = self._find(scope)
        scope["state"]["operation"] = operation
        try:
            caller = await self._identify(scope)
        except Unauthorized:
            self._count(network, operation)  # a forged token costs its sender, not us
            raise
        counted = self._count(caller or network, operation)
        if operation.service != "gateway":
            await self._forward(operation, counted, caller, scope, receive, send)
            return
        key = network_of_key(scope["headers"], network)
        scope["headers"] += [priority_header(operation.priority), *key]
        if operation.operation_class == "live":
            with self._open_streams.place(caller or network):
                await self._streams(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refuse_malformed(self, scope: Scope) -> None:
        reason = headers.framing_fault(scope["headers"], scope["http_version"]) or targets.fault(
            scope["raw_path"], scope["query_string"]
        )
        if reason is not None:
            raise BadRequest(reason)

    def _find(self, scope: Scope) -> Operation:
        """The operation asked for. HEAD is answered as GET without its body."""
        path = unquote_to_bytes(scope["raw_path"]).decode()
        found = self._registry.directory.at(path)
        method = scope["method"]
        operation = found.get(method) or (found.get("GET") if method == "HEAD" else None)
        if operation is not None:
            return operation
        if found:
            allowed = ", ".join(sorted(found))
            problem = MethodNotAllowed(Text(f"可用：{allowed}", f"Allowed: {allowed}"))
            raise Refused(problem, [(b"allow", allowed.encode())])
        if self._registry.missing:
            raise Unavailable(retry_after=1)
        raise NotFound

    async def _identify(self, scope: Scope) -> str | None:
        """The subject of the token, None without one. Raises Unauthorized for a bad one."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                kind, _, token = value.decode("latin-1").partition(" ")
                if kind.lower() == "bearer" and token:
                    caller = await scope["state"]["verifier"].caller(token.strip())
                    scope["state"]["caller"] = caller
                    return f"sub:{caller.sub}"
        return None

    def _count(self, caller: str, operation: Operation) -> list[tuple[bytes, bytes]]:
        """The RateLimit headers. Raises TooMany."""
        name = operation.operation_class
        rate = self._rates.get(name) or self._rates["writing"]
        verdict = self._limiter.take(caller, name, rate, time.monotonic())
        rate_headers = limits.headers(name, rate, verdict)
        if not verdict.allowed:
            raise Refused(TooMany(retry_after=int(verdict.retry_after) + 1), rate_headers)
        return rate_headers

    async def _forward(
        self,
        operation: Operation,
        extra: list[tuple[bytes, bytes]],
        caller: str | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        upstream = self._registry.upstreams[operation.service]
        query = scope["query_string"]
        target = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
        extra.append((b"x-request-id", scope["state"]["request_id"].encode()))
        started, status = time.perf_counter(), CLIENT_CLOSED
        self._note_change(scope, caller)
        try:
            if self._remembered.serves(operation, caller):
                status = await self._remembered.answer(operation, scope, adding(extra, send))
            else:
                status = await self._forwarding(
                    upstream, operation, target, extra, scope, receive, send
                )
        except Problem:
            status = 0  # counted where every refusal is
            raise
        finally:
            if status:
                self._measure(operation, status, time.perf_counter() - started)
            self._note_change(scope, caller)

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

    def _turned_away(self, scope: Scope, problem: Problem, seconds: float) -> None:
        """Counts what never reached a service, or found none there to answer."""
        operation: Operation | None = scope["state"].get("operation")
        route = operation.template if operation else "unmatched"
        self._metrics.answered(scope["method"], route, int(problem.status), seconds)

    def _measure(self, operation: Operation, status: int, seconds: float) -> None:
        known = self._measures.get((operation, status))
        if known is None:
            method, route = operation.method, operation.template
            known = self._measures[operation, status] = (
                self._metrics.requests.labels(method, route, status),
                self._metrics.seconds.labels(method, route),
            )
        known[0].inc()
        known[1].observe(seconds)


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


def _request_id(given: headers.Headers) -> str:
    for name, value in given:
        if name == b"x-request-id" and _REQUEST_ID.match(value):
            return value.decode()
    return str(new_id())
