"""Which templates of addresses a path fits, found segment by segment.

Asking each template in turn takes longer with every operation that there is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_PARAMETER = re.compile(r"\{[^}]+\}")


@dataclass(slots=True)
class _Node(Generic[T]):
    literal: "dict[str, _Node[T]]" = field(default_factory=dict)
    patterned: "list[tuple[re.Pattern[str], _Node[T]]]" = field(default_factory=list)
    parameter: "_Node[T] | None" = None
    leaf: T | None = None


class PathTree(Generic[T]):
    """One thing a template, `new` at first: `/halls/{hall}/windows`, also `/reports/{id}.csv`."""

    def __init__(self, new: Callable[[], T]) -> None:
        self._root, self._new = _Node[T](), new

    def at_template(self, template: str) -> T:
        """What stands at the template."""
        node = self._root
        for segment in template[1:].split("/"):
            node = _child(node, segment)
        if node.leaf is None:
            node.leaf = self._new()
        return node.leaf

    def fitting(self, path: str) -> list[T]:
        """What stands at every template that this (decoded) path fits; literal segments first."""
        found: list[T] = []
        _gather(self._root, path[1:].split("/"), 0, found)
        return found


def _child(node: _Node[T], segment: str) -> _Node[T]:
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
    child = _Node[T]()
    node.patterned.append((re.compile(pattern), child))
    return child


def _gather(node: _Node[T], segments: list[str], depth: int, found: list[T]) -> None:
    if depth == len(segments):
        if node.leaf is not None:
            found.append(node.leaf)
        return
    segment = segments[depth]
    child = node.literal.get(segment)
    if child is not None:
        _gather(child, segments, depth + 1, found)
    if not segment:
        return
    for pattern, patterned in node.patterned:
        if pattern.fullmatch(segment):
            _gather(patterned, segments, depth + 1, found)
    if node.parameter is not None:
        _gather(node.parameter, segments, depth + 1, found)
