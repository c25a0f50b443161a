"""The project's own files, as the house rules read them: parsed once."""

import ast
import subprocess
from collections.abc import Iterator
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


PYTHON = [p for p in tracked("*.py") if "migrations" not in p.parts]
SOURCE = [p for p in PYTHON if p.relative_to(ROOT).parts[0] in {"services", "shared", "deploy"}]
ROOMS = [p for p in SOURCE if service_of(p) and len(p.relative_to(ROOT).parts) > 3]
