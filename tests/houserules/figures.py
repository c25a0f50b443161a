"""`python -m tests.houserules.figures`: the house in figures, to hold beside other codebases.

Code is services/, shared/ and deploy/ without migrations; tests are tests/. A function's length
does not count the functions inside it. A class name counts where another file has it too.
"""

import ast
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def files(*folders: str) -> list[Path]:
    """The Python files of these folders, migrations left out."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def lengths(tree: ast.Module) -> Iterator[int]:
    """Of every function, its own lines."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            inner = [n for n in ast.walk(node) if n is not node and isinstance(n, FUNCTIONS)]
            yield _lines(node) - sum(map(_lines, inner))


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def comments(path: Path) -> int:
    """How many comments a file has, directives to tools left out; those in SQL count, too."""
    found = 0
    with path.open("rb") as opened:
        for token in tokenize.tokenize(opened.readline):
            if token.type == tokenize.COMMENT:
                directive = token.string.lstrip("# ").startswith(("type:", "noqa", "fmt:"))
                found += not directive
            elif token.type == tokenize.STRING:
                found += sum(line.lstrip().startswith("-- ") for line in token.string.splitlines())
    return found


def touched_with_a_migration() -> list[int]:
    """Of every commit that adds a migration but the first, how many source files it touches."""
    log = subprocess.run(
        ["git", "log", "--name-status", "--format=%H", "--", "services", "shared", "deploy"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    counts = []
    for commit in log.split("\n\n"):
        names = [line.split("\t") for line in commit.splitlines() if "\t" in line]
        source = [n for n in names if n[-1].endswith(".py") and "/migrations/" not in n[-1]]
        if any(n[0] == "A" and "/migrations/" in n[-1] for n in names):
            counts.append(len(source))
    return counts


def main() -> None:
    """Print the figures, one a line."""
    code, tests = files("services", "shared", "deploy"), files("tests")
    trees = {path: ast.parse(path.read_text("utf-8")) for path in (*code, *tests)}
    sizes = [len(path.read_text("utf-8").splitlines()) for path in code]
    functions = sorted(n for path in code for n in lengths(trees[path]))
    classes = Counter(
        name
        for path in code
        for name in {n.name for n in ast.walk(trees[path]) if isinstance(n, ast.ClassDef)}
    )
    total = sum(classes.values())
    repeated = sum(count for count in classes.values() if count > 1)
    tested = sum(len(path.read_text("utf-8").splitlines()) for path in tests)
    cases = sum(
        node.name.startswith("test_")
        for path in tests
        for node in ast.walk(trees[path])
        if isinstance(node, FUNCTIONS)
    )
    lines = sum(sizes)
    print(f"file median / max             {median(sizes):.0f} / {max(sizes)}")
    print(
        f"function p50 / p90 / max      {median(functions):.0f}"
        f" / {quantiles(functions, n=10)[-1]:.0f} / {functions[-1]}"
    )
    print(f"comments per 100 lines        {100 * sum(map(comments, code)) / lines:.1f}")
    print(f"class names of another file   {100 * repeated / total:.0f} %")
    print(f"tests : code, lines           {tested / lines:.2f}")
    print(f"test functions per 1,000      {1000 * cases / lines:.0f}")
    print(f"source files a migration      {median(touched_with_a_migration() or [0]):.1f}")
    print(f"lines of code                 {lines:,}")


if __name__ == "__main__":
    main()
