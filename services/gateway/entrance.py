"""What every request is looked at for before it goes anywhere, whichever way it is answered.

No step waits for anything. A request that is refused here has reached no service.
"""

import time
from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Histogram
from starlette.types import Scope

from services.gateway.forwarding import headers, targets
from services.gateway.limits import rules as limits
from services.gateway.limits.gcra import Limiter, Rate
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.registry import Registry
from shared.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Text,
    TooMany,
    Unavailable,
)
from shared.ids import new_id
from shared.observability import telemetry
from shared.observability.metrics import Metrics
from shared.security import identity

CLIENT_CLOSED = 499
"""The status by which a request is measured whose client did not wait for the answer."""

Extra = Iterable[tuple[bytes, bytes]]


class Refused(Exception):
    """A problem, and headers that go with it."""

    def __init__(self, problem: Problem, headers: Extra) -> None:
        self.problem, self.headers = problem, headers


class Entrance:
    """Checks, finds and counts; `rates` are those of each class of operation."""

    def __init__(
        self,
        *,
        registry: Registry,
        proxies: headers.Proxies,
        rates: Mapping[str, Rate],
        metrics: Metrics,
    ) -> None:
        self.registry, self._proxies, self._metrics = registry, proxies, metrics
        self._rates, self._limiter = rates, Limiter()
        self._measures: dict[tuple[Operation, int], tuple[Counter, Histogram]] = {}

    def check(self, scope: Scope) -> str:
        """The network that the request comes from, once it can be read in one way only.

        Takes out of its headers what only the gateway may put there. Raises BadRequest.
        """
        reason = headers.framing_fault(scope["headers"], scope["http_version"]) or targets.fault(
            scope["raw_path"], scope["query_string"]
        )
        if reason is not None:
            raise BadRequest(reason)
        peer = (scope.get("client") or (None,))[0]
        network = limits.address_key(self._proxies.client(peer, scope["headers"]))
        scope["state"]["network"] = network
        scope["headers"] = headers.unclaimed(scope["headers"])
        return network

    def operation(self, scope: Scope) -> Operation:
        """The operation asked for. HEAD is answered as GET without its body.

        Raises Refused, Unavailable or NotFound.
        """
        found = self.registry.directory.at(scope["path"])
        method = scope["method"]
        operation = found.get(method) or (found.get("GET") if method == "HEAD" else None)
        if operation is not None:
            scope["state"]["operation"] = operation
            return operation
        if found:
            allowed = ", ".join(sorted({*found, *(["HEAD"] if "GET" in found else [])}))
            problem = MethodNotAllowed(Text(f"可用：{allowed}", f"Allowed: {allowed}"))
            raise Refused(problem, [(b"allow", allowed.encode())])
        if self.registry.missing:
            raise Unavailable(retry_after=1)
        raise NotFound

    def count(self, caller: str, operation: Operation) -> list[tuple[bytes, bytes]]:
        """The RateLimit headers, once the request is counted. Raises Refused."""
        name = operation.operation_class
        rate = self._rates.get(name) or self._rates["writing"]
        verdict = self._limiter.take(caller, name, rate, time.monotonic())
        rate_headers = limits.headers(name, rate, verdict)
        if not verdict.allowed:
            raise Refused(TooMany(retry_after=int(verdict.retry_after) + 1), rate_headers)
        return rate_headers

    def turned_away(self, scope: Scope, problem: Problem, seconds: float) -> None:
        """Measures what never reached a service, or found none there to answer."""
        operation: Operation | None = scope["state"].get("operation")
        route = operation.template if operation else "unmatched"
        self._metrics.answered(scope["method"], route, int(problem.status), seconds)

    def measure(self, operation: Operation, status: int, seconds: float) -> None:
        """Measures what a service answered, or what its client did not wait for."""
        known = self._measures.get((operation, status))
        if known is None:
            method, route = operation.method, operation.template
            known = self._measures[operation, status] = (
                self._metrics.requests.labels(method, route, status),
                self._metrics.seconds.labels(method, route),
            )
        known[0].inc()
        known[1].observe(seconds)


def bearer(given: headers.Headers) -> str | None:
    """The token that a request brings, None where it brings none."""
    for name, value in given:
        if name == b"authorization":
            token = identity.bearer(value.decode("latin-1"))
            if token is not None:
                return token
    return None


def request_id(given: headers.Headers) -> str:
    """The one that the client names, if it is one; else a new one."""
    for name, value in given:
        if name == b"x-request-id" and telemetry.is_request_id(value):
            return value.decode()
    return str(new_id())


def target(scope: Scope) -> bytes:
    """What is asked of the service: the path and the query as they were sent."""
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + b"?" + query if query else path
