"""States and actions as the tables of the workflows name them, read off their source."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.houserules.source import ROOMS, SOURCE, classes, nodes, service_of, tree

ROW = {"state", "action", "to"}
TABLES = [path for path in ROOMS if path.name == "workflow.py"]


_RENAMES: tuple[type[ast.AST], ...] = (ast.ImportFrom, ast.Import, ast.Assign)


@dataclass(frozen=True)
class Vocabulary:
    """`states`: enums with their values; `actions`: enums; `texts`: actions that are plain text."""

    states: Mapping[str, frozenset[str]] = field(default_factory=dict)
    actions: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


def fields(cls: ast.ClassDef) -> dict[str, ast.expr]:
    """The annotated fields of a class."""
    return {
        part.target.id: part.annotation
        for part in cls.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }


def is_words(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="Text")):
            return True
    return False


@cache
def aliases(module: ast.Module) -> Mapping[str, str]:
    """By what name the module calls what: `import X as S`, `S = X`, `_S, _A = X, Y`."""
    names: dict[str, str] = {}
    for node in nodes(module, *_RENAMES):
        match node:
            case ast.ImportFrom() | ast.Import():
                names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            case ast.Assign(targets=[target], value=value):
                names |= dict(_renamed(target, value))
    return names


def _renamed(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    match target, value:
        case ast.Tuple(), ast.Tuple():
            for one, other in zip(target.elts, value.elts, strict=False):
                yield from _renamed(one, other)
        case ast.Name(id=name), ast.Name(id=original) | ast.Attribute(attr=original):
            yield name, original


def original(name: str, names: Mapping[str, str]) -> str:
    """What stands behind an alias, and behind the alias of an alias."""
    seen = {name}
    while (name := names.get(name, name)) not in seen:
        seen.add(name)
    return name


@cache
def of(service: str | None) -> Vocabulary:
    """What the tables of a service name; None: those of all, for what belongs to no service."""
    tables = [path for path in TABLES if service in (None, service_of(path))]
    states, actions = set[str](), set[str]()
    for path in tables:
        names = aliases(tree(path))
        for row in map(fields, classes(path)):
            if row.keys() >= ROW:
                for found, column in ((states, row["state"]), (actions, row["action"])):
                    parts = (n.id for n in ast.walk(column) if isinstance(n, ast.Name))
                    found |= {original(part, names) for part in parts}
    values: dict[str, frozenset[str]] = dict.fromkeys(states, frozenset())
    for path in SOURCE:
        if service in (None, service_of(path)):
            values |= {c.name: _values(c) for c in classes(path) if c.name in states}
    return Vocabulary(values, frozenset(actions - {"str"}))


@cache
def of_file(path: Path) -> Vocabulary:
    """What the file's service names; plain texts are actions only in the room of their table."""
    known = of(service_of(path))
    table = path.parent / "workflow.py"
    return Vocabulary(
        known.states, known.actions, _texts(table) if table in TABLES else known.texts
    )


def _texts(table: Path) -> frozenset[str]:
    """The actions of a table whose rows have plain text for them: what its names are keyed by."""
    if not any(
        row.keys() >= ROW and ast.unparse(row["action"]) == "str"
        for row in map(fields, classes(table))
    ):
        return frozenset()
    return frozenset(
        key.value
        for node in nodes(tree(table), ast.Dict)
        if all(map(is_words, node.values))
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )


def _values(cls: ast.ClassDef) -> frozenset[str]:
    return frozenset(
        str(part.value.value)
        for part in cls.body
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)
    )


class Reader:
    """Recognises members of enums in a module, by whatever name it calls them."""

    def __init__(self, module: ast.Module, enums: Iterable[str]) -> None:
        self._names, self._enums = aliases(module), frozenset(enums)

    def enum(self, node: ast.AST) -> str | None:
        """The enum that the node names: `State`, `S` or `models.State`."""
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found = original(name, self._names)
                return found if found in self._enums else None
        return None

    def member(self, node: ast.AST) -> str | None:
        """The enum of a member: `S.HELD`, `S.HELD.value`, `S["HELD"]` or `S("held")`."""
        match node:
            case ast.Attribute(value=value, attr="value" | "name"):
                return self.member(value)
            case ast.Attribute(value=value, attr=attr) if attr.isupper():
                return self.enum(value)
            case ast.Subscript(value=value, slice=ast.Constant()):
                return self.enum(value)
            case ast.Call(func=func, args=[ast.Constant()]):
                return self.enum(func)
        return None

    def members(self, *nodes: ast.AST) -> set[str]:
        """The enums of every member in the nodes and all below."""
        found = {self.member(part) for node in nodes for part in ast.walk(node)}
        return {enum for enum in found if enum}


def flat(node: ast.expr) -> Iterator[ast.expr]:
    """The elements of a group, those of `frozenset({...})` too; of anything else, itself."""
    match node:
        case ast.Tuple() | ast.Set() | ast.List():
            for part in node.elts:
                yield from flat(part)
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "tuple" | "list"), args=[group]):
            yield from flat(group)
        case _:
            yield node


def workflows(module: ast.Module) -> set[str]:
    """What this file calls the tables that it imports or makes."""
    imported = {
        alias.asname or alias.name
        for node in nodes(module, ast.ImportFrom)
        if (node.module or "").endswith(".workflow")
        for alias in node.names
        if alias.name.isupper()
    }
    made = {
        ast.unparse(target)
        for node in nodes(module, ast.Assign)
        if ast.unparse(node.value).startswith("Workflow(")
        for target in node.targets
    }
    return imported | made
