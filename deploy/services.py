"""The services of the house and what each subscribes to, read from their own code."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from shared.messaging.bus import Subscription
from shared.web import room

SERVICES = ("appointments", "projects", "feedback", "gateway")


def subscriptions(service: str) -> list[Subscription[Any]]:
    """What `service` reads from the streams; each of these is one durable consumer."""
    return room.subscriptions(import_module(f"services.{service}.app").ROOMS)


def all_subscriptions() -> Iterator[Subscription[Any]]:
    """What every service reads, in the order of `SERVICES`."""
    for service in SERVICES:
        yield from subscriptions(service)
