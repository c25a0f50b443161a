"""Whatever is refused says what to do next."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from deploy.services import SERVICES
from shared.errors import Problem

for service in SERVICES:
    import_module(f"services.{service}.app")


def kinds(of: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


HOUSE = [k for k in dict.fromkeys(kinds()) if k.__module__.split(".")[0] in ("services", "shared")]


@pytest.mark.parametrize("kind", HOUSE, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_problem_has_an_advice_of_its_own(kind: type[Problem]) -> None:
    advice = vars(kind).get("advice")
    assert advice is not None, "what should somebody do who meets this?"
    assert advice.zh
    assert advice.en
    assert advice.zh != kind.title.zh


def test_one_type_is_one_title_and_advice_within_a_service() -> None:
    told: dict[tuple[str, str], set[tuple[object, object]]] = {}
    for kind in HOUSE:
        if "type" in vars(kind):
            room = kind.__module__.rpartition(".")[0]
            told.setdefault((room, kind.type), set()).add((kind.title, kind.advice))
    assert not [key for key, said in told.items() if len(said) > 1]
