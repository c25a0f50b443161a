"""One word for one thing: a class name stands once a service, a problem's slug for one class."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.houserules.source import SOURCE, classes, name, nodes, of_every, service_of, tree
from tests.houserules.vocabulary import aliases, original

SERVICES = sorted({service for path in SOURCE if (service := service_of(path))})
PRIVATE_WORDS = {"said", "told", "tell", "tells", "telling", "desk", "desks"}
"""What is published, rendered, serialised or shown is named so, and a text is a text."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
NAMING: tuple[type[ast.AST], ...] = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.Name, ast.Attribute),
    *(ast.MatchAs, ast.MatchStar, ast.ExceptHandler, ast.alias, ast.MatchMapping, ast.Constant),
)
A_NAME = re.compile(r"\w+(?:[-_.]\w+)+")
EXCEPTIONS = {
    "said": "a field of the API, which others read",
    "said_sealed": "a column of two tables",
    "rating_step.said": "what stored words are sealed to, and can be opened by alone",
    "supervision_step.said": "what stored words are sealed to, and can be opened by alone",
    "told_at": "a column: when the portals' service told of a proof",
    "tells_sender": "the row's column for what the sender of a letter is told: the trade's word",
}
SAME_SLUG = {
    "projects.RuleReadsNothing": "an invalid request, whose own advice its route publishes",
}


def repeated(found: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The names that stand at several places, with the places."""
    places: dict[str, list[str]] = defaultdict(list)
    for what, where in found:
        places[what].append(where)
    return {what: where for what, where in places.items() if len(where) > 1}


@pytest.mark.parametrize("service", SERVICES)
def test_a_class_name_stands_once_a_service(service: str) -> None:
    own = [path for path in SOURCE if service_of(path) == service]
    assert not repeated((cls.name, name(path)) for path in own for cls in classes(path))


def test_a_class_name_stands_once_in_what_all_share() -> None:
    own = [path for path in SOURCE if name(path).startswith("shared/")]
    assert not repeated((cls.name, name(path)) for path in own for cls in classes(path))


def slugs(modules: Iterable[tuple[str, ast.Module]]) -> Iterator[tuple[str, str]]:
    """Every slug of /problems/ that a class takes, be it from its base, and the class.

    A base is found by its name: in the class's own service, else in what all share.
    """
    bases: dict[tuple[str, str], list[str]] = {}
    own: dict[tuple[str, str], set[str]] = {}
    for where, module in modules:
        names = aliases(module)
        for cls in nodes(module, ast.ClassDef):
            key = (_home(where), cls.name)
            bases[key] = [original(ast.unparse(b).split(".")[-1], names) for b in cls.bases]
            own[key] = _slugs(cls)

    def taken(key: tuple[str, str]) -> set[str]:
        if key not in own:
            return set()
        homes = dict.fromkeys((key[0], "shared"))
        above = (taken(base) for b in bases[key] for h in homes if (base := (h, b)) != key)
        return own[key] or set().union(*above)

    for key in own:
        for slug in taken(key):
            yield slug, ".".join(key)


def _home(where: str) -> str:
    top, _, rest = where.partition("/")
    return rest.partition("/")[0] if top == "services" else top


def _slugs(cls: ast.ClassDef) -> set[str]:
    """Those in its body; of its methods, none."""
    values = (
        part.value
        for part in cls.body
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None
    )
    return {
        node.value
        for value in values
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.startswith("/problems/")
    }


def test_a_problem_has_one_class_in_the_whole_house() -> None:
    found = list(slugs((name(path), tree(path)) for path in SOURCE))
    assert not repeated((slug, cls) for slug, cls in found if cls not in SAME_SLUG)
    assert {cls for _, cls in found} >= set(SAME_SLUG)


@pytest.mark.parametrize(
    "code",
    [
        "class A(Problem):\n    type = '/problems/full'\n"
        "class B(Problem):\n    type = '/problems/full'",
        "class A(Problem):\n    type: ClassVar[str] = '/problems/full'\n"
        "class B(Problem):\n    status, type = 409, '/problems/full'",
        "class A(Problem):\n    type = '/problems/full'\nclass B(A):\n    title = words",
        "class A(Problem):\n    type = '/problems/full'\nclass B(m.A): ...\nclass C(B): ...",
        "import A as _A\nclass A(Problem):\n    type = '/problems/full'\nclass B(_A): ...",
    ],
)
def test_a_slug_of_two_classes_is_seen(code: str) -> None:
    assert repeated(slugs([("services/x/rules.py", ast.parse(code))]))


def test_a_slug_taken_from_what_all_share_is_seen() -> None:
    base = ast.parse("class Conflict(Problem):\n    type = '/problems/conflict'")
    lazy = ast.parse("class Full(Conflict): ...")
    assert repeated(slugs([("services/x/rules.py", lazy), ("shared/errors.py", base)]))


@pytest.mark.parametrize(
    "code",
    [
        "class A(Problem):\n    type = '/problems/full'\nclass B(A):\n    type = '/problems/empty'",
        "class A(Problem): ...\nclass B(A):\n    type = '/problems/full'",
        "class Fault(A):\n    status: int",
    ],
)
def test_a_slug_of_one_class_is_let_be(code: str) -> None:
    assert not repeated(slugs([("services/x/rules.py", ast.parse(code))]))


@cache
def chosen(module: ast.Module) -> frozenset[str]:
    """The names that the code chooses for itself: of functions, classes, attributes, fields,
    parameters, variables, imports; and texts that serve as names, as those of jobs and log events.
    """
    return frozenset(_chosen(module))


def _chosen(module: ast.Module) -> Iterator[str]:
    for node in nodes(module, *NAMING):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg(arg=chosen_name):
                yield chosen_name
            case ast.Name(ctx=ast.Store(), id=chosen_name):
                yield chosen_name
            case ast.Attribute(ctx=ast.Store(), attr=chosen_name):
                yield chosen_name
            case ast.MatchAs(name=str(chosen_name)) | ast.MatchStar(name=str(chosen_name)):
                yield chosen_name
            case ast.ExceptHandler(name=str(chosen_name)) | ast.alias(asname=str(chosen_name)):
                yield chosen_name
            case ast.MatchMapping(rest=str(chosen_name)):
                yield chosen_name
            case ast.Constant(value=str(text)) if A_NAME.fullmatch(text):
                yield text


def private_words(names: Iterable[str]) -> set[str]:
    """Those that have a private word among their words, however these are joined and written."""
    return {each for each in names if PRIVATE_WORDS & {w.lower() for w in WORD.findall(each)}}


@of_every(SOURCE)
def test_names_are_of_the_trade_or_of_the_field(path: Path) -> None:
    assert not private_words((path.stem, *chosen(tree(path)))) - set(EXCEPTIONS)


def test_no_reason_outlives_its_name() -> None:
    used = {each for path in SOURCE for each in chosen(tree(path))}
    assert used >= set(EXCEPTIONS)


@pytest.mark.parametrize(
    "code",
    [
        "class Told: ...",
        "class EventTold(NamedTuple): ...",
        "class HTTPDesk: ...",
        "class View:\n    told_at: datetime",
        "def tell(x): ...",
        "async def retell_or_TELL(x): ...",
        "self.desk = desk_of(x)",
        "TOLD = 1",
        "def f(*, said): ...",
        "for wasTold in x: ...",
        "import x as told",
        "try: ...\nexcept E as told: ...",
        "match x:\n    case [*told]: ...",
        "Job('tell-audit-head', minute, run)",
        "log.info('bus_told')",
    ],
)
def test_a_private_word_is_seen(code: str) -> None:
    assert private_words(chosen(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "class Toldo: ...",
        "class Intelligence: ...",
        "def untold(x): ...",
        "x = 'What its sender is told.'",
        "message = Text('告知', 'The sender is told')",
        "library.told(x)",
    ],
)
def test_other_words_are_let_be(code: str) -> None:
    assert not private_words(chosen(ast.parse(code)))
