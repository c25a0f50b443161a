"""What a library calls its own stays its own: one module leans on such names, and has a canary."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.houserules.source import SOURCE, classes, functions, name, nodes, of_every, tree

PLACES = {
    "shared/observability/library_internals.py": "whatever a library does not promise to keep",
    "shared/web/solving/internals.py": "FastAPI's, of which operations are planned",
}
"""Each has a test that says at once when an upgrade has moved something."""
OWN = {"self", "cls"}
_LEANING: tuple[type[ast.AST], ...] = (ast.ImportFrom, ast.Attribute)
PROMISED = {"_asdict", "_exit", "_fields", "_make", "_mapping", "_replace"}
"""Underscored so that no field can have the name, and documented: NamedTuple, SQLAlchemy's Row;
and `os._exit`, which the documents name for what was forked."""


def private(identifier: str) -> bool:
    return identifier.startswith("_") and not identifier.startswith("__")


def given_here(path: Path) -> set[str]:
    """The private names that classes and functions of the file have: fellows may use them."""
    names = {node.name for node in (*functions(tree(path)), *classes(path))}
    for node in nodes(tree(path), ast.Attribute):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), ctx=ast.Store()) if owner in OWN:
                names.add(node.attr)
    return names


def leant_on(path: Path) -> Iterator[str]:
    """Private names of others: imported, or read off an object that is not the file's own."""
    own = given_here(path) | PROMISED
    for node in nodes(tree(path), *_LEANING):
        match node:
            case ast.ImportFrom(module=str(module)):
                yield from (f"{module}.{a.name}" for a in node.names if private(a.name))
            case ast.Attribute(value=ast.Name(id=owner)) if owner in OWN:
                continue
            case ast.Attribute(attr=attr) if private(attr) and attr not in own:
                yield f"{node.lineno}: {ast.unparse(node)}"


@of_every([p for p in SOURCE if name(p) not in PLACES])
def test_private_names_of_others_are_leant_on_in_known_places(path: Path) -> None:
    assert not list(leant_on(path))
