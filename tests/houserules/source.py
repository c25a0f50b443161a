"""The project's own files, as the house rules read them: parsed once."""

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


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


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Every class of a file, nested ones too."""
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))


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
