"""The joined documents, made again only when a service's own has changed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import orjson

from services.gateway.documents import asyncapi, openapi, sharing
from services.gateway.documents.asyncapi import EventEntry
from services.gateway.documents.index import Audience, index
from services.gateway.language import in_language
from services.gateway.upstreams.registry import Registry

T = TypeVar("T")


class Library:
    """What the document routes and pages read. `own` gives the gateway's own documents."""

    def __init__(
        self, registry: Registry, own: Callable[[str], Mapping[str, Any]], *, nats_host: str
    ) -> None:
        self._registry, self._own, self._nats_host = registry, own, nats_host
        self._revision = -1
        self._made: dict[str, Any] = {}

    def openapi(self, language: str) -> bytes:
        """The OpenAPI document in one language, as JSON."""
        return self._once(
            f"openapi-{language}",
            lambda: orjson.dumps(openapi.in_one_language(self._openapi(), language)),
        )

    def asyncapi(self, language: str) -> bytes:
        """The AsyncAPI document in one language, as JSON."""
        return self._once(
            f"asyncapi-{language}", lambda: orjson.dumps(_spoken(self._asyncapi(), language))
        )

    def events(self, language: str) -> list[EventEntry]:
        """Every event, as the event page shows it."""
        return self._once(
            f"events-{language}", lambda: asyncapi.described(self._asyncapi(), language)
        )

    def problems(self, language: str) -> Mapping[str, Any]:
        """Every problem type, with its status, what it means and what to do."""
        return self._once(
            f"problems-{language}",
            lambda: in_language(openapi.all_problems(self._documents("openapi")), language),
        )

    def index(self, language: str) -> list[Audience]:
        """Every operation by audience, as the page of the documents lists and searches them."""
        return self._once(f"index-{language}", lambda: index(self._openapi(), language))

    def operations(self) -> int:
        """How many operations the document has."""
        return self._once("operations", lambda: sum(map(len, self._openapi()["paths"].values())))

    def _openapi(self) -> dict[str, Any]:
        return self._joined("openapi", lambda o: sharing.with_shared_problems(openapi.join(o)))

    def _asyncapi(self) -> dict[str, Any]:
        return self._joined("asyncapi", partial(asyncapi.join, nats_host=self._nats_host))

    def _joined(self, kind: str, join: Callable[[Any], Mapping[str, Any]]) -> dict[str, Any]:
        """Kept as JSON: as objects it would be ten times as large."""
        kept = self._once(kind, lambda: orjson.dumps(join(self._documents(kind))))
        whole: dict[str, Any] = orjson.loads(kept)
        return whole

    def _documents(self, kind: str) -> dict[str, Mapping[str, Any]]:
        return {**self._registry.documents(kind), "gateway": self._own(kind)}

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if self._revision != self._registry.revision:
            self._made, self._revision = {}, self._registry.revision
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made


def _spoken(whole: Mapping[str, Any], language: str) -> Any:
    """Events say both languages in their own way: a Chinese paragraph, then an English one."""
    spoken = in_language(whole, language)
    described = {event.type: event.description for event in asyncapi.described(whole, language)}
    for message in spoken["components"]["messages"].values():
        message["summary"] = described[message["name"]]
    return spoken
