"""Which headers cross the door. Names are lower-case bytes, as ASGI and llhttp give them."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from shared import settings
from shared.errors import Text

Headers = Sequence[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
"""RFC 9110 section 7.6.1: they concern one connection, never the next."""
_SET_BY_US = frozenset(
    b"host content-length expect x-request-id traceparent x-onedoor-network"
    b" x-onedoor-network-today x-onedoor-priority x-deadline-seconds".split()
)
_OURS = b"x-onedoor-"
_CLAIMED = (b"x-user-", b"x-forwarded-", _OURS)
_CLAIMED_WHOLE = frozenset(
    (b"forwarded", b"x-real-ip", b"x-user", b"x-original-url", b"x-rewrite-url")
)
_NOT_SENT = HOP_BY_HOP | _SET_BY_US
_NOT_RETURNED = HOP_BY_HOP | {b"server", b"date", b"x-request-id"}


def to_upstream(headers: Headers, *, from_proxy: bool) -> list[tuple[bytes, bytes]]:
    """The client's headers that an upstream gets, without those that the gateway sets itself.

    Headers in which a client claims to be somebody or to come from somewhere are dropped, unless
    the peer is one of our own proxies.
    """
    named = _named_by_connection(headers)
    return [
        (name, value)
        for name, value in headers
        if name not in _NOT_SENT and name not in named and (from_proxy or not _is_claim(name))
    ]


def unclaimed(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The client's headers without those by which the gateway tells a service something."""
    return [(name, value) for name, value in headers if not name.startswith(_OURS)]


def to_client(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The upstream's headers that the client gets."""
    named = _named_by_connection(headers)
    return [(n, v) for n, v in headers if n not in _NOT_RETURNED and n not in named]


@lru_cache(maxsize=1_000)
def _is_claim(name: bytes) -> bool:
    return name.startswith(_CLAIMED) or name in _CLAIMED_WHOLE or b"_" in name


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    values = [value for name, value in headers if name == b"connection"]
    if not values:
        return frozenset()
    return frozenset(part.strip().lower() for v in values for part in v.split(b","))


def framing_fault(headers: Headers, version: str) -> Text | None:
    """Why the framing of a request is refused, or None.

    Two lengths, or a length and a coding, are read differently by different servers: that is how
    requests are smuggled past a door (RFC 9112 sections 3.2 and 6.3). `version` is that of HTTP.
    """
    names = [name for name, _ in headers]
    lengths, hosts = names.count(b"content-length"), names.count(b"host")
    codings: list[bytes] = []
    if b"transfer-encoding" in names:
        codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if lengths > 1 or (lengths and codings):
        return Text("内容长度写了两次", "the length of the body is given twice")
    if codings and codings != [b"chunked"]:
        return Text("传输编码只支持 chunked", "only the chunked transfer coding is understood")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return Text("Host 请求头应恰好一个", "there must be exactly one Host header")
    return None


def content_length(headers: Headers) -> int | None:
    """The announced length of the body, None if none is announced. Raises ValueError."""
    for name, value in headers:
        if name == b"content-length":
            if not value.isdigit() or len(value) > 15:
                raise ValueError("Content-Length is not a number")
            return int(value)
    return None


def request_head(
    method: str, target: bytes, host: bytes, headers: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """The bytes of a request line and headers. Raises ValueError if one would break the lines."""
    lines = [method.encode("ascii") + b" " + target + b" HTTP/1.1", b"host: " + host]
    lines += [name + b": " + value for name, value in headers]
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
        raise ValueError("a header holds a line break")
    return head + b"\r\n\r\n"


class Proxies:
    """Our own proxies in front of the gateway: only they may say where a request comes from."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = settings.networks(",".join(networks))

    def holds(self, peer: str | None) -> bool:
        if not self._networks or not peer:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def client(self, peer: str | None, headers: Headers) -> str | None:
        """The address of the client: the peer's, or the last one in X-Forwarded-For not ours."""
        if not self.holds(peer):
            return peer
        chain = b",".join(v for n, v in headers if n == b"x-forwarded-for").decode("latin-1")
        for hop in reversed([part.strip() for part in chain.split(",") if part.strip()]):
            if not self.holds(hop):
                return hop
        return peer
