"""Which problems the routes say they may answer with, read from the routes themselves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from deploy.services import SERVICES
from shared.web import routing
from shared.web.room import Room
from shared.web.routing import Route

PREFIX = "/api/v1"
_SLUG = re.compile(r"\(`/problems/([a-z0-9-]+)`\)")
_PARAMETER = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True)
class Entry:
    """One problem of one `problem_responses(...)`, and the operations that declare it there."""

    service: str
    slug: str
    operations: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.service}: {self.slug} at {' or '.join(self.operations)}"


@cache
def entries() -> tuple[Entry, ...]:
    """All of them. Routes that share a declaration share its objects, and so its entries."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for service, route in _routes():
        for response in route.declared.values():
            for slug in slugs(response):
                at = found.setdefault((service, id(response), slug), [])
                at.append(str(route.operation_id))
    return tuple(Entry(service, slug, tuple(at)) for (service, _, slug), at in found.items())


@cache
def declared() -> frozenset[tuple[str, str]]:
    """Every operation with every problem that its route, or every route, declares."""
    return frozenset(
        (str(route.operation_id), slug)
        for _, route in _routes()
        for response in route.responses.values()
        for slug in slugs(response)
    )


@cache
def always() -> frozenset[str]:
    """What every route may answer: proven once, not for every operation."""
    return frozenset(slug for response in routing.GENERAL.values() for slug in slugs(response))


def slugs(response: dict[str, object]) -> list[str]:
    """The slugs that a documented response names."""
    return _SLUG.findall(str(response.get("description", "")))


def operation_of(method: str, path: str) -> str | None:
    """The operation that such a request is for; routes are tried in the services' own order."""
    for _, route in _routes():
        pattern = _PARAMETER.sub("[^/]+", PREFIX + route.path)
        if method in (route.methods or ()) and re.fullmatch(pattern, path):
            return str(route.operation_id)
    return None


@cache
def _routes() -> tuple[tuple[str, Route], ...]:
    return tuple((service, route) for service in SERVICES for route in _of(service))


def _of(service: str) -> Iterator[Route]:
    rooms: tuple[Room, ...] = import_module(f"services.{service}.app").ROOMS
    for room in rooms:
        for router in room.routers:
            for route in router.routes:
                assert isinstance(route, Route), "a router inside a router is not read here"
                yield route
