"""What outlives a request holds values, never a row of a table.

A row belongs to the transaction that read it. Once that one is rolled back, its columns cannot be
read any more, and everybody who is answered out of a cache of rows is answered 500.
"""

import ast
import dataclasses
import importlib
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from sqlmodel import Field, SQLModel

from shared.cache import Cache
from tests.houserules.source import SOURCE, name, nodes, of_every, tree

_ASKING: tuple[type[ast.AST], ...] = (ast.Subscript, ast.Call)
_CACHES = frozenset({"Cache", "Kept", "TTLCache", "TLRUCache", "LRUCache", "LFUCache"})


class _Kept(NamedTuple):
    """An expression that says what a cache, or a process's memory, holds."""

    line: int
    kind: Any


def kept(module: ast.Module, names: dict[str, Any]) -> Iterator[_Kept]:
    """Every `Cache[K, V]` of the module, and every kind that it asks `memory_of` for."""
    for node in nodes(module, *_ASKING):
        match node:
            case ast.Subscript(value=ast.Name(id=held)) if held in _CACHES:
                yield _Kept(node.lineno, _evaluated(node, names))
            case ast.Call(func=ast.Name(id="memory_of"), args=[_, kind]):
                yield _Kept(node.lineno, _evaluated(kind, names))


def _evaluated(node: ast.expr, names: dict[str, Any]) -> Any:
    return eval(ast.unparse(node), names)


def tables(kind: Any, seen: set[Any] | None = None) -> set[str]:
    """The tables whose rows a value of that type may hold, however deep."""
    seen = set() if seen is None else seen
    try:
        if kind in seen:
            return set()
        seen.add(kind)
    except TypeError:  # a list of argument types
        return set().union(*(tables(part, seen) for part in kind))
    if isinstance(kind, type) and issubclass(kind, SQLModel) and hasattr(kind, "__table__"):
        return {kind.__name__}
    found = set()
    for part in (typing.get_origin(kind), *typing.get_args(kind), *_fields(kind)):
        found |= tables(part, seen)
    return found


def _fields(kind: Any) -> list[Any]:
    """The types of the attributes that a class of our own declares."""
    if not isinstance(kind, type) or kind.__module__.partition(".")[0] not in {
        "services", "shared", "tests",
    }:  # fmt: skip
        return []
    return list(typing.get_type_hints(kind).values())


def _module(path: Path) -> ModuleType:
    return importlib.import_module(name(path).removesuffix(".py").replace("/", "."))


REMEMBERING = [
    path
    for path in SOURCE
    if name(path).startswith(("services/", "shared/")) and name(path) != "shared/cache.py"
    if any(word in path.read_text() for word in (*_CACHES, "memory_of"))
]


@of_every(REMEMBERING)
def test_what_outlives_a_request_holds_no_row(path: Path) -> None:
    held = kept(tree(path), vars(_module(path)))
    assert not [f"{line}: {found}" for line, kind in held if (found := tables(kind))]


def test_the_places_that_remember_are_seen() -> None:
    seen = {name(path) for path in REMEMBERING if list(kept(tree(path), vars(_module(path))))}
    assert {
        "services/appointments/estimates/service.py",
        "services/appointments/booking/context.py",
        "shared/database/calendar_days.py",
    } <= seen


class _Row(SQLModel, table=True):
    """A row, for the rule to find."""

    __tablename__ = "row_of_the_house_rule"
    id: int = Field(primary_key=True)


@dataclasses.dataclass
class _Answer:
    queue: "tuple[_Row, ...]"


class _Memory:
    answers: dict[str, list[_Answer]]


@pytest.mark.parametrize(
    "kind", [_Row, Cache[str, _Row], Cache[str, _Answer], dict[str, _Row | None], _Memory]
)
def test_a_row_is_found_however_deep(kind: Any) -> None:
    assert tables(kind) == {"_Row"}


@pytest.mark.parametrize("kind", [int, Cache[str, tuple[int, int]], dict[str, str | None]])
def test_a_value_is_let_be(kind: Any) -> None:
    assert tables(kind) == set()
