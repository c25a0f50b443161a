"""Rules of the house that no other tool checks: each is a sentence of the style page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.houserules.source import (
    ROOT,
    SOURCE,
    classes,
    functions,
    name,
    nodes,
    of_every,
    tracked,
    tree,
)

FUNCTION_LINES = 40
BROAD_EXCEPT_AT = {
    "shared/messaging/bus.py",
    "shared/messaging/outbox.py",
    "shared/jobs.py",
    "shared/web/lean_stack.py",
    "services/projects/collecting/holding.py",
}
"""The consumer's edge, the relay's loop and the jobs' loop, which must outlive any error, the
middleware that makes an answer of it, and the walk, to which a stranger's page may do anything."""

MACHINE = re.compile(
    r"/(work|farm|root)/|py[p]i\.org|python[h]osted|registry\.np[m]js|deb\.debi[a]n"
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


@of_every(SOURCE)
def test_a_function_does_one_thing(path: Path) -> None:
    long = [
        f"{node.name}: {lines} lines"
        for node in functions(tree(path))
        if (lines := _own_lines(node)) > FUNCTION_LINES
    ]
    assert not long


def _own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without the functions defined inside, which are counted by themselves."""
    inner = [
        n
        for n in ast.walk(node)
        if n is not node and isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    total = (node.end_lineno or 0) - node.lineno + 1
    return total - sum((n.end_lineno or 0) - n.lineno + 1 for n in inner)


@of_every(SOURCE)
def test_only_five_places_catch_everything(path: Path) -> None:
    caught = [
        node.lineno
        for node in nodes(tree(path), ast.ExceptHandler)
        if node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
    ]
    assert not caught or name(path) in BROAD_EXCEPT_AT


@of_every(SOURCE)
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not UNFINISHED.findall(path.read_text())


def test_no_path_of_a_machine_and_no_registry_host() -> None:
    text = (p for p in tracked() if p.suffix not in {".png", ".gz", ".jpg"})
    found = [name(p) for p in text if MACHINE.search(p.read_text(errors="replace"))]
    assert not found


def rooms_files(ending: str) -> Iterator[Path]:
    yield from (p for p in SOURCE if p.name == ending and "services" in p.parts)


@of_every(list(rooms_files("routes.py")))
def test_no_route_names_a_table_class(path: Path) -> None:
    for node in nodes(tree(path), ast.ImportFrom):
        if (node.module or "").endswith(".models"):
            tables = _table_classes(ROOT / ((node.module or "").replace(".", "/") + ".py"))
            assert not tables & {alias.name for alias in node.names}


def _table_classes(path: Path) -> set[str]:
    return {
        node.name
        for node in classes(path)
        if any(keyword.arg == "table" for keyword in node.keywords)
    }


@of_every(list(rooms_files("routes.py")))
def test_a_route_says_its_name_in_two_languages(path: Path) -> None:
    for node in nodes(tree(path), ast.Call):
        if not _is_route(node.func):
            continue
        said = {k.arg: k.value for k in node.keywords}
        if ast.unparse(said.get("include_in_schema", ast.Constant(True))) == "False":
            continue
        assert "operation_id" in said, ast.unparse(node)
        summary = said.get("summary")
        assert isinstance(summary, ast.Constant), ast.unparse(node)
        assert " | " in str(summary.value), summary.value


def _is_route(call: ast.expr) -> bool:
    return (
        isinstance(call, ast.Attribute)
        and call.attr in {"get", "post", "put", "delete", "patch"}
        and (ast.unparse(call.value).endswith("router"))
    )


@of_every(SOURCE)
def test_tables_for_spreadsheets_are_written_in_one_place(path: Path) -> None:
    """There a formula is guarded: whoever opens an export must not run what somebody typed."""
    writes = re.findall(r"csv\.(?:writer|DictWriter)\b", path.read_text())
    assert not writes or name(path) == "shared/web/spreadsheets.py"
    makes = "xlsxwriter.Workbook(" in path.read_text()
    assert not makes or "spreadsheets.guarded(" in path.read_text()


def test_a_rule_names_every_file_that_breaks_it() -> None:
    @of_every(SOURCE[:3])
    def rule(path: Path) -> None:
        assert path == SOURCE[0]

    with pytest.raises(AssertionError, match=name(SOURCE[1]) + ".*\n.*" + name(SOURCE[2])):
        rule()
