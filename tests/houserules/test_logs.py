"""A line of the log names its event first: structlog takes no second one, and fails as it logs."""

import ast
from pathlib import Path

from tests.houserules.source import SOURCE, nodes, of_every, tree


def _doubled(module: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in nodes(module, ast.Call)
        if isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value).endswith("log")
        and any(keyword.arg == "event" for keyword in node.keywords)
    ]


@of_every(SOURCE)
def test_no_line_of_the_log_names_its_event_twice(path: Path) -> None:
    assert not _doubled(tree(path))


def test_a_second_event_is_seen() -> None:
    assert _doubled(ast.parse("log.warning('watch_lost', event=kind)"))
    assert not _doubled(ast.parse("log.warning('watch_lost', type=kind)"))
