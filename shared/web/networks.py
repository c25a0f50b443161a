"""Which requests of a day come from one network, without the network's address.

The gateway alone knows addresses. To an operation whose document says `x-sender-network` it passes
a keyed digest of network and day: equal within the day, another one the next, and nothing that the
address can be read from. Whoever gets it counts and forgets; it is stored nowhere.
"""

import ipaddress
from datetime import datetime

from fastapi import Request

from shared.clock import today
from shared.security.crypto import Keyring

WANTED = "x-sender-network"
"""The member of an operation in the document that asks for it."""
_HEADER = "x-onedoor-network-today"


def of_the_day(network: str, keyring: Keyring, now: datetime) -> list[tuple[bytes, bytes]]:
    """The header for a request out of `network` (an address, or an IPv6 /64).

    None for an address that is not public: behind it stands a hall's kiosk, or a whole office.
    """
    try:
        is_public = ipaddress.ip_network(network).is_global
    except ValueError:
        is_public = False
    if not is_public:
        return []
    digest = keyring.blind_index(f"{today(now)}\n{network}", where="network.day")
    return [(_HEADER.encode(), digest.encode())]


def sender(request: Request) -> str | None:
    """The digest of the network that the request came from, None where it tells nobody apart."""
    return request.headers.get(_HEADER)
