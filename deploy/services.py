"""The services of the house and what each subscribes to, read from their own code."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from shared.bus import Subscription

SERVICES = ("appointments", "projects", "feedback", "gateway")


def subscriptions(service: str) -> list[Subscription[Any]]:
    """What `service` reads from the streams; each of these is one durable consumer."""
    return list(import_module(f"services.{service}.app").SUBSCRIPTIONS)


def all_subscriptions() -> Iterator[Subscription[Any]]:
    """What every service reads, in the order of `SERVICES`."""
    for service in SERVICES:
        yield from subscriptions(service)
