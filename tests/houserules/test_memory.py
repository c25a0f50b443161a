"""What a process remembers lives with its connections, never in a module.

A module's state outlives the test, the service and the database that it was true for, and two
services in one process would share it.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.houserules.source import name, nodes, of_every, tracked, tree

CODE = tracked("services/*.py", "shared/*.py")
_CHANGES = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    ]
)
_CHANGING: tuple[type[ast.AST], ...] = (ast.Global, ast.Subscript, ast.Call)
_FUNCTIONS: tuple[type[ast.AST], ...] = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVES_ALONE: dict[str, str] = {}
"""Files that may, with the reason."""


@cache
def remembered(module: ast.Module) -> list[str]:
    """Names of a module that its functions set, or change in place."""
    own = {
        node.id
        for statement in module.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    if not any(_changes(node, own) for node in nodes(module, *_CHANGING)):
        return []
    found = []
    for function in nodes(module, *_FUNCTIONS):
        local = _local(function)
        found += [
            f"{node.lineno}: {ast.unparse(node)[:60]}"
            for node in ast.walk(function)
            if isinstance(node, ast.stmt | ast.expr) and _changes(node, own - local)
        ]
    return sorted(set(found))


def _local(function: ast.AST) -> set[str]:
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    stored = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return arguments | stored


def _changes(node: ast.AST, own: set[str]) -> bool:
    match node:
        case ast.Global():
            return True
        case ast.Subscript(value=ast.Name(id=held), ctx=ast.Store() | ast.Del()):
            return held in own
        case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr)):
            return held in own and attr in _CHANGES
    return False


@of_every(CODE)
def test_nothing_is_remembered_in_a_module(path: Path) -> None:
    assert not remembered(tree(path)) or _LEAVES_ALONE.get(name(path))


def test_no_reason_outlives_what_it_excuses() -> None:
    assert set(_LEAVES_ALONE) == {name(path) for path in CODE if remembered(tree(path))}


@pytest.mark.parametrize(
    "code",
    [
        "_last = None\ndef note():\n    global _last\n    _last = 1",
        "_seen: dict[str, int] = {}\ndef note(key):\n    _seen[key] = 1",
        "_seen = set()\nasync def note(key):\n    _seen.add(key)",
        "_seen = {}\ndef forget(key):\n    del _seen[key]",
    ],
)
def test_memory_in_a_module_is_seen(code: str) -> None:
    assert remembered(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "_names = {}\n_names['a'] = 1",
        "_names = {'a': 1}\ndef of(key):\n    return _names[key]",
        "rows = ()\ndef gather():\n    rows = []\n    rows.append(1)",
        "class Cache:\n    def put(self, key):\n        self.held[key] = 1",
    ],
)
def test_what_is_no_memory_is_let_be(code: str) -> None:
    assert not remembered(ast.parse(code))
