"""Every problem that a route declares is provoked by a test that says so."""

import ast
from pathlib import Path

from tests.contracts import problem_entries
from tests.provoking import ANY

TESTS = Path(__file__).parents[1]


def _claimed() -> set[tuple[str, str]]:
    """What the tests claim with `provokes(...)`; each claim is checked where it is made."""
    return {
        (operation, slug)
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "provokes"
        for operation, *slugs in [[ast.literal_eval(argument) for argument in node.args]]
        for slug in slugs
    }


def test_no_declared_problem_is_without_a_test() -> None:
    claimed = _claimed()
    unproven = [
        str(entry)
        for entry in problem_entries.entries()
        if not any((operation, entry.slug) in claimed for operation in entry.operations)
    ]
    assert not unproven, "provoked by no test:\n" + "\n".join(sorted(unproven))


def test_no_problem_of_every_route_is_without_a_test() -> None:
    assert not {(ANY, slug) for slug in problem_entries.always()} - _claimed()


def test_what_is_claimed_is_declared() -> None:
    every = {(ANY, slug) for slug in problem_entries.always()}
    assert not _claimed() - problem_entries.declared() - every, "claimed, but not declared"
