"""Who counts as one caller, how much each may do, and what they are answered."""

import ipaddress
import math
from collections.abc import Mapping
from functools import lru_cache

from services.gateway.limits.gcra import Rate, Verdict

USUAL_RATES: Mapping[str, Rate] = {
    "reading": Rate(per_second=200, burst=2_000),
    "writing": Rate(per_second=100, burst=1_000),
    "export": Rate(per_second=1, burst=20),
    "live": Rate(per_second=2, burst=60),
    "signing-in": Rate(per_second=5, burst=200),
    "emergency": Rate(per_second=100, burst=1_000),
}
"""Per caller. Classes an operation may name in `x-operation-class`; unknown ones are `writing`. An
emergency has a count of its own, so that nothing else that its caller does uses it up."""


def rates(factor: float) -> dict[str, Rate]:
    """The usual rates, all multiplied by `factor`."""
    return {
        name: Rate(rate.per_second * factor, max(1, int(rate.burst * factor)))
        for name, rate in USUAL_RATES.items()
    }


@lru_cache(maxsize=10_000)
def address_key(address: str | None) -> str:
    """The caller's network: an IPv4 address, or an IPv6 /64, which is one customer's."""
    if not address:
        return "unknown"
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def headers(name: str, rate: Rate, verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """RateLimit fields (draft-ietf-httpapi-ratelimit-headers): the policy, and what is left."""
    wait = math.ceil(verdict.retry_after) or math.ceil(rate.window)
    left = f'"{name}";r={verdict.remaining};t={wait}'
    return [(b"ratelimit-policy", _policy(name, rate)), (b"ratelimit", left.encode())]


@lru_cache
def _policy(name: str, rate: Rate) -> bytes:
    return f'"{name}";q={rate.burst};w={math.ceil(rate.window)}'.encode()
