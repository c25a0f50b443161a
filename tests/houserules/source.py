"""The project's own files, as the house rules read them: parsed once."""

import ast
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
Node = TypeVar("Node", bound=ast.AST)


def tracked(*patterns: str) -> list[Path]:
    """The project's own files that match, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def _by_kind(module: ast.Module) -> dict[type[ast.AST], list[ast.AST]]:
    found: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
    for node in ast.walk(module):
        found[type(node)].append(node)
    return found


def nodes(module: ast.Module, *kinds: type[Node]) -> Iterator[Node]:
    """Every node of a module that is of these kinds, one kind after the other.

    A module is walked once: thirty rules that each walked every file took most of their time so.
    """
    found = _by_kind(module)
    for kind in kinds:
        yield from found.get(kind, ())  # type: ignore[misc]  # it is of its kind


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, those in classes and in others too."""
    return nodes(module, ast.FunctionDef, ast.AsyncFunctionDef)


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Every class of a file, nested ones too."""
    yield from nodes(tree(path), ast.ClassDef)


def service_of(path: Path) -> str | None:
    """The service that a file belongs to, None for what all share."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "services" and len(parts) > 2 else None


def of_every(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Makes a rule about a file one test of all of them, which names each file that breaks it.

    A test a file and rule would be ten thousand, and most of their time the runner's.
    """
    listed = list(paths)

    def made(rule: Callable[[Path], None]) -> Callable[[], None]:
        def of_all() -> None:
            assert listed
            broken = []
            for path in listed:
                try:
                    rule(path)
                except AssertionError as fault:
                    broken.append(f"{name(path)}: {str(fault).splitlines()[0]}")
            assert not broken, "\n".join(broken)

        of_all.__name__, of_all.__doc__ = rule.__name__, rule.__doc__
        return of_all

    return made


PYTHON = [p for p in tracked("*.py") if "migrations" not in p.parts]
SOURCE = [p for p in PYTHON if p.relative_to(ROOT).parts[0] in {"services", "shared", "deploy"}]
ROOMS = [p for p in SOURCE if service_of(p) and len(p.relative_to(ROOT).parts) > 3]
