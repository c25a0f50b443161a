"""One word for one thing: a class name stands once a service, a problem's slug for one class."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.houserules.source import SOURCE, classes, name, service_of, tree

SERVICES = sorted({service for path in SOURCE if (service := service_of(path))})
PRIVATE_WORDS = re.compile(r"(^|_)(said|told|tell|tells)(_|$)")
"""What is published, rendered, serialised or shown is named so, and a text is a text."""
TELLS = {"tells_sender"}
"""The column of the letters' table for what its sender is told: there the word is the trade's."""


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


def slugs(path: Path) -> Iterator[tuple[str, str]]:
    """Every slug of /problems/ that a class of the file takes, and the class."""
    for cls in classes(path):
        for node in cls.body:
            if isinstance(node, ast.Assign):
                for constant in ast.walk(node.value):
                    if isinstance(constant, ast.Constant):
                        value = constant.value
                        if isinstance(value, str) and value.startswith("/problems/"):
                            yield value, f"{name(path)}: {cls.name}"


def test_a_problem_has_one_class_in_the_whole_house() -> None:
    assert not repeated(slug for path in SOURCE for slug in slugs(path))


def chosen(path: Path) -> Iterator[str]:
    """The names that the code chooses for itself: functions, classes, parameters, variables.

    Not those of columns and of fields of the API, which others hold us to.
    """
    fields = {
        id(part.target)
        for cls in classes(path)
        for part in cls.body
        if isinstance(part, ast.AnnAssign)
    }
    for node in ast.walk(tree(path)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()) if id(node) not in fields:
                yield node.id


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_names_are_of_the_trade_or_of_the_field(path: Path) -> None:
    assert not sorted({word for word in chosen(path) if PRIVATE_WORDS.search(word)} - TELLS)
