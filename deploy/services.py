"""The services of the house and what each subscribes to, read from their own code."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # who only asks for names need not wait for the services' libraries
    from shared.messaging.bus import Subscription

SERVICES = ("appointments", "projects", "feedback", "gateway")


def subscriptions(service: str) -> "list[Subscription[Any]]":
    """What `service` reads from the streams; each of these is one durable consumer."""
    from shared.database.migrate import loaded
    from shared.web import room

    return room.subscriptions(loaded(service).ROOMS)


def all_subscriptions() -> "Iterator[Subscription[Any]]":
    """What every service reads, in the order of `SERVICES`."""
    for service in SERVICES:
        yield from subscriptions(service)
