"""Which service answers which path, read from the services' own OpenAPI documents."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.web import networks
from shared.web.admission import MAX_BODY
from shared.web.gate import EXTENSION, REMEMBERED, Priority, priority_named

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
DEADLINE_SECONDS = 1.8
"""How long an upstream may take to begin its answer: a frozen one is noticed within 2 s."""
LONGEST_DEADLINE_SECONDS = 60.0
LONGEST_REMEMBERED_SECONDS = 10.0
LARGEST_BODY_BYTES = 64_000_000
_PARAMETER = re.compile(r"\{[^}]+\}")


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


@dataclass(slots=True)
class _Node:
    literal: "dict[str, _Node]" = field(default_factory=dict)
    patterned: "list[tuple[re.Pattern[str], _Node]]" = field(default_factory=list)
    parameter: "_Node | None" = None
    operations: dict[str, Operation] = field(default_factory=dict)


class Directory:
    """Finds the operations of a path. A literal segment wins over a parameter."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def at(self, path: str) -> Mapping[str, Operation]:
        """The operations at this (decoded) path by method, empty when nobody has the path."""
        return _find(self._root, path[1:].split("/"), 0)

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in operation.template[1:].split("/"):
            node = _child(node, segment)
        node.operations.setdefault(operation.method, operation)


def _child(node: _Node, segment: str) -> _Node:
    if "{" not in segment:
        return node.literal.setdefault(segment, _Node())
    if _PARAMETER.fullmatch(segment):
        node.parameter = node.parameter or _Node()
        return node.parameter
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else "(?:.+?)"
        for index, part in enumerate(re.split(r"(\{[^}]+\})", segment))
    )
    for known, child in node.patterned:
        if known.pattern == pattern:
            return child
    child = _Node()
    node.patterned.append((re.compile(pattern), child))
    return child


def _find(node: _Node, segments: list[str], depth: int) -> Mapping[str, Operation]:
    if depth == len(segments):
        return node.operations
    segment = segments[depth]
    child = node.literal.get(segment)
    if child is not None and (found := _find(child, segments, depth + 1)):
        return found
    if not segment:
        return {}
    for pattern, child in node.patterned:
        if pattern.fullmatch(segment) and (found := _find(child, segments, depth + 1)):
            return found
    return _find(node.parameter, segments, depth + 1) if node.parameter is not None else {}


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
