"""The headers that the gateway adds to a request on its way to a service."""

import hashlib
import random

from starlette.types import Scope

from services.gateway.forwarding.headers import Headers
from services.gateway.upstreams.directory import Operation
from shared import clock
from shared.observability import telemetry
from shared.web import networks
from shared.web.gate import Priority
from shared.web.idempotency import NETWORK_HEADER
from shared.web.patience import PRIORITY_HEADER

_NAMES = {priority: priority.name.lower().encode() for priority in Priority}


def added(operation: Operation, scope: Scope) -> list[tuple[bytes, bytes]]:
    """Who asks by which number, in which trace, from where and how soon."""
    given, network = scope["headers"], scope["state"]["network"]
    headers = [
        (b"x-request-id", scope["state"]["request_id"].encode()),
        (b"traceparent", traceparent(given)),
        *network_of_key(given, network),
        priority_header(operation.priority),
    ]
    if operation.asks_network:
        headers += networks.of_the_day(network, scope["state"]["keyring"], clock.now())
    return headers


def priority_header(priority: Priority) -> tuple[bytes, bytes]:
    """By which whoever answers knows how soon."""
    return PRIORITY_HEADER, _NAMES[priority]


def network_of_key(given: Headers, network: str) -> list[tuple[bytes, bytes]]:
    """What tells a key's senders apart who have no account, without telling their addresses."""
    key = next((value for name, value in given if name == b"idempotency-key"), None)
    if key is None:
        return []
    digest = hashlib.sha256(key + b"\0" + network.encode()).hexdigest()
    return [(NETWORK_HEADER.encode(), digest.encode())]


def traceparent(given: Headers) -> bytes:
    """The caller's W3C trace context if it is well-formed, else the beginning of a new trace."""
    for name, value in given:
        if name == b"traceparent" and telemetry.is_traceparent(value.decode("latin-1")):
            return value
    digits = b"%048x" % (random.getrandbits(192) | (1 << 191) | 1)
    return b"00-%b-%b-01" % (digits[:32], digits[32:])
