"""Every operation of every service, with an address and a body to try it with."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from deploy.services import SERVICES
from tests import support

_PARAMETER = re.compile(r"\{[^}]+\}")
NOBODY = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Operation:
    """One operation: `roles` may call it; everybody may if `is_public`.

    It takes `media`, or no body at all.
    """

    service: str
    method: str
    path: str
    roles: frozenset[str]
    is_public: bool
    media: str
    takes_body: bool

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def address(self) -> str:
        """The path with ids that nobody has."""
        return _PARAMETER.sub(NOBODY, self.path)


@cache
def operations() -> tuple[Operation, ...]:
    """All of them, read from the services' own documents."""
    return tuple(found for service in SERVICES for found in _of(service, _document(service)))


def _document(service: str) -> Mapping[str, Any]:
    kind = getattr(import_module(f"services.{service}.settings"), f"{service.title()}Settings")
    settings = kind(
        env="test",
        database_url="postgresql://nobody@127.0.0.1:9/none",
        column_keys=support.COLUMN_KEYS,
        index_key=support.INDEX_KEY,
    )
    document: Mapping[str, Any] = (
        import_module(f"services.{service}.app").create_app(settings).openapi()
    )
    return document


def _of(service: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, declared in item.items():
            security = declared.get("security", [])
            scopes = [role for one in security for named in one.values() for role in named]
            content = declared.get("requestBody", {}).get("content", {})
            yield Operation(
                service=service,
                method=method.upper(),
                path=path,
                roles=frozenset(scopes),
                is_public={} in security,
                media=next(iter(content), "application/json"),
                takes_body=bool(content),
            )
