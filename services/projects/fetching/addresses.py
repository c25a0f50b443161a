"""Which network addresses a collector may reach: never our own network by a portal's page."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.hosts import USUAL_PORTS, host_name, with_port

Address = IPv4Address | IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_FIRST_HIGH_PORT = 1024


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of an address, as far as who answers is concerned."""

    scheme: str
    host: str
    port: int

    @property
    def site(self) -> str:
        """Whose pace is kept: http and https of a name are one (`hosts.host_of`)."""
        return with_port(self.host, self.port)

    @property
    def authority(self) -> str:
        """As its addresses have it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Destination:
    """An origin with the one address that was checked and must be connected to."""

    origin: Origin
    address: Address


def origin_of(url: str) -> Origin:
    """The origin of `url`. Raises SourceFault(address_refused) for what no portal page needs."""
    try:
        parts = urlsplit(url)
        port = parts.port or USUAL_PORTS.get(parts.scheme, 0)
        host = host_name(parts.hostname or "")
    except ValueError as error:
        raise SourceFault(Fault.ADDRESS_REFUSED, "not an address") from error
    if parts.scheme not in USUAL_PORTS or not host:
        raise SourceFault(Fault.ADDRESS_REFUSED, "only http and https")
    if parts.username is not None or parts.password is not None:
        raise SourceFault(Fault.ADDRESS_REFUSED, "user information in the address")
    if port not in USUAL_PORTS.values() and port < _FIRST_HIGH_PORT:
        raise SourceFault(Fault.ADDRESS_REFUSED, f"port {port}")
    return Origin(parts.scheme, host, port)


async def resolve(origin: Origin, *, private_origin: Origin | None) -> Destination:
    """The checked address of `origin`; the caller must connect to it and to no other.

    `private_origin` is the portal's own origin where its row allows a private address: nothing
    else on a private address is ever reached, also not by a redirect. All addresses of a name must
    be public, so that a name with one private address among public ones is refused.
    Raises SourceFault(address_refused) or SourceFault(unreachable).
    """
    addresses = await _addresses(origin)
    for address in addresses:
        if not is_public(address) and not (origin == private_origin and _may_be_allowed(address)):
            raise SourceFault(Fault.ADDRESS_REFUSED, f"{origin.host} is not a public address")
    return Destination(origin, addresses[0])


def is_public(address: Address) -> bool:
    """Whether `address`, and the IPv4 address it may carry inside, belongs to the open internet."""
    inner = _carried(address)
    return address.is_global and not address.is_multicast and (inner is None or is_public(inner))


def _may_be_allowed(address: Address) -> bool:
    """Link-local addresses serve cloud metadata; no portal lives there, whatever its row says."""
    inner = _carried(address) or address
    return not (inner.is_link_local or inner.is_multicast or inner.is_unspecified)


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


async def _addresses(origin: Origin) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            origin.host, origin.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise SourceFault(Fault.UNREACHABLE, "the name does not resolve") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
