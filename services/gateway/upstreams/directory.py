"""Which service answers which path, read from the services' own OpenAPI documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.web import networks
from shared.web.admission import MAX_BODY
from shared.web.gate import EXTENSION, REMEMBERED, Priority, priority_named
from shared.web.path_tree import PathTree

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
DEADLINE_SECONDS = 1.8
"""How long an upstream may take to begin its answer: a frozen one is noticed within 2 s."""
LONGEST_DEADLINE_SECONDS = 60.0
LONGEST_REMEMBERED_SECONDS = 10.0
LARGEST_BODY_BYTES = 64_000_000
PATHS_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service, with what the door must know of it.

    A service's document may set `x-deadline-seconds`, `x-operation-class`, `x-priority`,
    `x-remembered-seconds`, `x-max-body-bytes` and `x-sender-network` on an operation; the last has
    the network told apart for the day (`shared/web/networks.py`). `body_limit` None: the gateway's
    usual one. Only what is public is remembered, for at most `LONGEST_REMEMBERED_SECONDS`.
    """

    service: str
    method: str
    template: str
    operation_id: str
    deadline_seconds: float = DEADLINE_SECONDS
    operation_class: str = "reading"
    asks_network: bool = False
    body_limit: int | None = None
    priority: Priority = Priority.READING
    remembered_seconds: float = 0.0
    is_public: bool = False


class Directory:
    """Finds the operations of a path. A literal segment wins over a parameter."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self._tree: PathTree[dict[str, Operation]] = PathTree(dict)
        self._found: dict[str, Mapping[str, Operation]] = {}
        for operation in operations:
            there = self._tree.at_template(operation.template)
            there.setdefault(operation.method, operation)

    def at(self, path: str) -> Mapping[str, Operation]:
        """The operations at this (decoded) path by method, empty when nobody has the path."""
        known = self._found.get(path)
        if known is not None:
            return known
        found = self._at(path)
        if found:
            if len(self._found) >= PATHS_REMEMBERED:
                self._found.clear()
            self._found[path] = found
        return found

    def _at(self, path: str) -> Mapping[str, Operation]:
        fitting = self._tree.fitting(path)
        if len(fitting) == 1:
            return fitting[0]
        return {method: one for there in reversed(fitting) for method, one in there.items()}


def operations_of(service: str, document: Mapping[str, Any]) -> list[Operation]:
    """The operations that a service's OpenAPI document declares below /api/."""
    return [
        _operation(service, method, template, item[method])
        for template, item in document.get("paths", {}).items()
        if template.startswith("/api/")
        for method in METHODS
        if method in item
    ]


def _operation(service: str, method: str, template: str, declared: Mapping[str, Any]) -> Operation:
    deadline = float(declared.get("x-deadline-seconds", DEADLINE_SECONDS))
    largest = declared.get(MAX_BODY)
    usual = "reading" if method in ("get", "head", "options") else "writing"
    is_public = not all(declared.get("security", [{}]))
    remembered = float(declared.get(REMEMBERED, 0)) if method == "get" and is_public else 0.0
    return Operation(
        service=service,
        method=method.upper(),
        template=template,
        operation_id=str(declared.get("operationId", f"{method} {template}")),
        deadline_seconds=min(deadline, LONGEST_DEADLINE_SECONDS),
        operation_class=str(declared.get("x-operation-class", usual)),
        asks_network=bool(declared.get(networks.WANTED, False)),
        body_limit=None if largest is None else min(int(largest), LARGEST_BODY_BYTES),
        priority=priority_named(declared.get(EXTENSION), method.upper()),
        remembered_seconds=max(0.0, min(remembered, LONGEST_REMEMBERED_SECONDS)),
        is_public=is_public,
    )
