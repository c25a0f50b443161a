"""Every problem that a route declares is provoked by a test that says so."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests import provoking
from tests.contracts import problem_entries
from tests.provoking import ANY

TESTS = Path(__file__).parents[1]
LEFT_OUT = {"bench", "skip", "skipif", "xfail"}
"""Marks of tests that `make test` does not run, or lets fail."""
RUNS_ALL = {"", "not bench"}

Claims = set[tuple[str, str]]


def claimed_in(module: ast.Module) -> Claims:
    """What the tests of a file claim with `provokes(...)`, those left out not asked."""
    if any(_leaves_out(node) for node in module.body if isinstance(node, ast.Assign)):
        return set()
    return set(_claimed_by(module.body))


def _claimed_by(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Only of what pytest collects: `test_*`, and those in `Test*`."""
    for node in body:
        match node:
            case ast.ClassDef() if node.name.startswith("Test"):
                kept = not any(map(_leaves_out, node.decorator_list))
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test_"):
                kept = not any(map(_leaves_out, node.decorator_list))
            case _:
                continue
        if kept:
            for decorator in node.decorator_list:
                yield from _marks(decorator)
            if isinstance(node, ast.ClassDef):
                yield from _claimed_by(node.body)


def _marks(decorator: ast.expr) -> Iterator[tuple[str, str]]:
    """The claims of a decorator; of a `param` that is left out, none."""
    match decorator:
        case ast.Call(func=func, args=arguments) if ast.unparse(func).endswith("provokes"):
            operation, *slugs = map(ast.literal_eval, arguments)
            yield from ((operation, slug) for slug in slugs)
        case ast.Call(func=func) if ast.unparse(func).endswith("param") and _leaves_out(decorator):
            return
        case _:
            for part in ast.iter_child_nodes(decorator):
                if isinstance(part, ast.expr):
                    yield from _marks(part)
                elif isinstance(part, ast.keyword):
                    yield from _marks(part.value)


def _leaves_out(node: ast.AST) -> bool:
    """Whether a decorator, or `pytestmark`, is such a mark. Of parameters, each for itself."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "pytestmark" and _marked(node.value)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("parametrize"):
        return False
    return _marked(node)


def _marked(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in LEFT_OUT
        and ast.unparse(part.value).endswith("mark")
        for part in ast.walk(node)
    )


@pytest.fixture(scope="module")
def claimed(request: pytest.FixtureRequest) -> Claims:
    """The claims of the source; where every test is run, only those of tests that were chosen."""
    written = {
        claim
        for path in TESTS.rglob("test_*.py")
        for claim in claimed_in(ast.parse(path.read_text("utf-8")))
    }
    return written & _chosen(request.session) if _runs_all(request.config) else written


def _runs_all(config: pytest.Config) -> bool:
    paths = {(config.invocation_params.dir / path).resolve() for path in config.args}
    chosen = config.option.keyword or config.option.markexpr not in RUNS_ALL
    return paths <= {TESTS, TESTS.parent} and not chosen


def _chosen(session: pytest.Session) -> Claims:
    return {claim for item in session.items for claim in provoking.claims(item)}


def test_no_declared_problem_is_without_a_test(claimed: Claims) -> None:
    unproven = [
        str(entry)
        for entry in problem_entries.entries()
        if not any((operation, entry.slug) in claimed for operation in entry.operations)
    ]
    assert not unproven, "provoked by no test:\n" + "\n".join(sorted(unproven))


def test_no_problem_of_every_route_is_without_a_test(claimed: Claims) -> None:
    assert not {(ANY, slug) for slug in problem_entries.always()} - claimed


def test_what_is_claimed_is_declared(claimed: Claims) -> None:
    every = {(ANY, slug) for slug in problem_entries.always()}
    assert not claimed - problem_entries.declared() - every, "claimed, but not declared"


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("@provokes('a', 'x')\ndef test_it(): ...", True),
        ("@m.provokes('a', 'x')\nasync def test_it(): ...", True),
        ("class TestIt:\n    @provokes('a', 'x')\n    def test_it(self): ...", True),
        ("@pytest.mark.parametrize('n', [pytest.param(1, marks=provokes('a', 'x'))])\n"
         "def test_it(n): ...", True),
        ("@pytest.mark.slow\n@provokes('a', 'x')\ndef test_it(): ...", True),
        ("@provokes('a', 'x')\ndef helper(): ...", False),
        ("@pytest.mark.skip\n@provokes('a', 'x')\ndef test_it(): ...", False),
        ("@provokes('a', 'x')\n@pytest.mark.skipif(True, reason='-')\ndef test_it(): ...", False),
        ("@pytest.mark.xfail\n@provokes('a', 'x')\ndef test_it(): ...", False),
        ("@pytest.mark.bench\n@provokes('a', 'x')\ndef test_it(): ...", False),
        ("pytestmark = [pytest.mark.skip]\n@provokes('a', 'x')\ndef test_it(): ...", False),
        ("@pytest.mark.skip\nclass TestIt:\n    @provokes('a', 'x')\n"
         "    def test_it(self): ...", False),
        ("@pytest.mark.parametrize('n', [pytest.param(1, marks=[provokes('a', 'x'),"
         " pytest.mark.skip])])\ndef test_it(n): ...", False),
        ("provokes('a', 'x')", False),
    ],
)  # fmt: skip
def test_only_a_test_that_runs_counts(code: str, counts: bool) -> None:
    assert claimed_in(ast.parse(code)) == ({("a", "x")} if counts else set())


@pytest.mark.parametrize(
    ("claims", "outcome", "becomes"),
    [
        ({("a", "x")}, "skipped", "failed"),
        ({("a", "x")}, "passed", "passed"),
        (set(), "skipped", "skipped"),
    ],
)
def test_what_claims_and_is_skipped_fails(
    claims: Claims, outcome: Literal["passed", "skipped"], becomes: str
) -> None:
    report = pytest.TestReport("test_it", ("", 0, ""), {}, outcome, None, "setup")
    assert provoking.held(report, claims).outcome == becomes
