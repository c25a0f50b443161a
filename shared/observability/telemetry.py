"""One line, one metric and one span a request; trace context that crosses the bus."""

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from secrets import token_hex

import structlog
from opentelemetry import context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, Span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ids import new_id
from shared.observability import logs
from shared.observability.metrics import Metrics

EXPORT_SECONDS = 5
STOP_SECONDS = 5
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")

_TRACEPARENT = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")
"""https://www.w3.org/TR/trace-context/#traceparent-header-field-values"""

_propagator = TraceContextTextMapPropagator()


class _Uncollected:
    """Where work stands whose own spans nobody collects: in the trace that it was given, or in one
    of its own, which is made only once somebody asks."""

    __slots__ = ("_at",)

    def __init__(self, given: str | None) -> None:
        self._at = given if given and is_traceparent(given) else None

    def traceparent(self) -> str:
        if self._at is None:
            self._at = f"00-{token_hex(16)}-{token_hex(8)}-01"
        return self._at


_uncollected: ContextVar[_Uncollected | None] = ContextVar("uncollected", default=None)


def traceparent() -> str | None:
    """The W3C trace context of the present span, None outside of any."""
    if (present := _uncollected.get()) is not None:
        return present.traceparent()
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def stand_in(parent: str | None) -> Token[_Uncollected | None]:
    """Enter the trace of `parent` (a traceparent), else the present one, without a span."""
    outer = None if parent else _uncollected.get()
    return _uncollected.set(outer or _Uncollected(parent))


def leave(inside: Token[_Uncollected | None]) -> None:
    """Leave what `stand_in` entered."""
    _uncollected.reset(inside)


class Tracing:
    """The spans of one application. They leave the process only where there is a collector."""

    def __init__(self, service: str) -> None:
        resource = Resource.create({"service.name": service})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracer = self._provider.get_tracer("onedoor")
        self._processor: SpanProcessor | None = None

    def start(self, endpoint: str | None) -> None:
        """Send every span to the collector at `endpoint` (OTLP over HTTP) from now on."""
        if endpoint:
            # Imported only here: the exporter's own imports would slow down every start without.
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor

            exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
            self._processor = BatchSpanProcessor(exporter)
            self._provider.add_span_processor(self._processor)

    async def stop(self) -> None:
        """Send what is left, for as long as the end of a service may wait for a collector."""
        processor, self._processor = self._processor, None
        if processor is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await asyncio.to_thread(processor.shutdown)

    @property
    def is_collected(self) -> bool:
        """Whether somebody is sent the spans."""
        return self._processor is not None

    @contextmanager
    def span(self, name: str, *, parent: str | None = None) -> Iterator[Span]:
        """A span under `parent` (a traceparent), else under the present one.

        None is made where nobody collects it; what is passed on is in the trace of `parent` then.
        """
        if not self.is_collected:
            inside = stand_in(parent)
            try:
                yield INVALID_SPAN
            finally:
                leave(inside)
            return
        outer = _propagator.extract({"traceparent": parent}) if parent else context.get_current()
        with self._tracer.start_as_current_span(name, context=outer) as current:
            yield current


class RequestTelemetry:
    """Pure ASGI middleware. Gives each request an id and a span, and logs it once it is answered.

    The path is logged as its route's template: a raw path may name a letter or a person.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, tracing: Tracing, service: str) -> None:
        self._app, self._log, self._service = app, RequestLog(metrics), service
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = request_id_of(headers.get(b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        parent = headers.get(b"traceparent", b"").decode("latin-1") or None
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                with self._tracing.span(f"{scope['method']} {self._service}", parent=parent):
                    await self._app(scope, receive, send_with_id)
            finally:
                self._log.record(scope, status, time.perf_counter() - started)


class RequestLog:
    """Counts each request of an application and writes its line."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """One request that was answered, with its route where it found one."""
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        method = scope["method"] if scope["method"].isalpha() else "other"
        if scope["path"] in QUIET:
            return
        self._metrics.answered(method, route, status, seconds)
        ms = round(seconds * 1000, 1)
        logs.write_request(method=method, route=route, status=status, ms=ms)


def request_id_of(given: bytes | None) -> str:
    """The caller's own id of a request, where it is one that may be repeated, else a new one."""
    return given.decode() if given and is_request_id(given) else str(new_id())


def is_request_id(given: bytes) -> bool:
    """Whether a caller's own id of a request may be repeated in logs and answers."""
    return _REQUEST_ID.match(given) is not None


def is_traceparent(given: str) -> bool:
    """Whether it is a well-formed trace context of W3C."""
    return _TRACEPARENT.match(given) is not None
