"""A gateway of its own before a service that may misbehave, reached by both ways of forwarding."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from services.gateway.direct.way import DIRECT, DirectWay
from services.gateway.encoding import Compressed
from services.gateway.entrance import Entrance
from services.gateway.forwarding.forward import Forwarding
from services.gateway.forwarding.headers import Proxies
from services.gateway.forwarding.marks import Marks
from services.gateway.forwarding.remembered import Remembered
from services.gateway.limits import rules as limits
from services.gateway.limits.open_streams import OpenStreams
from services.gateway.middleware import GatewayMiddleware
from services.gateway.origins import OtherOrigins
from services.gateway.upstreams.registry import Registry
from services.gateway.upstreams.upstream import Upstream
from shared.observability.metrics import Metrics
from shared.security.identity import Refusals, Verifier
from shared.web.security_headers import SecurityHeaders
from tests.gateway.loopback_server import listening_both_ways

LAST = b"Connection: close\r\n\r\n"
ASKED = b"GET /api/v1/x HTTP/1.1\r\nHost: x\r\n"
ORIGIN = "https://city.example"
OWN_EACH_TIME = re.compile(
    rb"(?mi)^(?:date|x-request-id|ratelimit|retry-after|content-length|etag): .*\r\n"
    rb'|"request_id": ?"[^"]*"|"(?:x-request-id|traceparent|x-deadline-seconds)","[^"]*"'
    # Sent only if the application waits for its client before it has answered.
    rb"|\AHTTP/1\.1 100 Continue\r\n\r\n"
)


def compared(answer: bytes) -> bytes:
    """An answer without what is another one each time."""
    return OWN_EACH_TIME.sub(b"", answer)


@asynccontextmanager
async def gateway_to(
    address: str, seconds: float = 20
) -> AsyncIterator[tuple[Mapping[str, str], Upstream]]:
    """A gateway, by both ways, before a service whose one operation is `/api/v1/x`; it may take so
    many `seconds`."""
    operation: dict[str, Any] = {"operationId": "x", "x-deadline-seconds": seconds}
    registry, proxies = Registry({"s": address}, own=dict), Proxies([])
    document = {"paths": {"/api/v1/x": {"get": operation}}}
    registry.upstreams["s"].documents["openapi"] = orjson.dumps(document)
    registry.start()
    forwarding = Forwarding(body_limit=1_000_000, proxies=proxies)
    entrance = Entrance(
        registry=registry, proxies=proxies, rates=limits.rates(1e6), metrics=Metrics()
    )
    remembered = Remembered(registry, forwarding, Marks(None))
    door = GatewayMiddleware(
        _nothing,
        entrance=entrance,
        forwarding=forwarding,
        remembered=remembered,
        streams=_nothing,
        open_streams=OpenStreams(1),
    )
    inner = SecurityHeaders(OtherOrigins(Compressed(door), {ORIGIN}))
    refusals = Refusals()
    refusals.learned()
    verifier = Verifier("file:///nowhere", issuer="x", audience="x", refusals=refusals)
    way = DirectWay(entrance, forwarding, remembered, {ORIGIN}, verifier)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await inner(scope, receive, send)
            return
        scope["state"].update({DIRECT: way, "verifier": verifier})
        for ended in ("startup", "shutdown"):
            await receive()
            done: Message = {"type": f"lifespan.{ended}.complete"}
            await send(done)

    async with listening_both_ways(app) as addresses:
        yield addresses, registry.upstreams["s"]
    registry.close()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"{scope['path']} is not forwarded")
