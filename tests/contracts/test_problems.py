"""Whatever is refused says what to do next."""

from importlib import import_module

import pytest

from deploy.services import SERVICES
from shared.errors import Problem, all_problems

for service in SERVICES:
    import_module(f"services.{service}.app")


HOUSE = [k for k in all_problems() if k.__module__.split(".")[0] in ("services", "shared")]


@pytest.mark.parametrize("kind", HOUSE, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_problem_has_an_advice_of_its_own(kind: type[Problem]) -> None:
    advice = vars(kind).get("advice")
    assert advice is not None, "what should somebody do who meets this?"
    assert advice.zh
    assert advice.en
    assert advice.zh != kind.title.zh


def test_a_type_has_one_class() -> None:
    by_type: dict[str, list[str]] = {}
    for kind in HOUSE:
        by_type.setdefault(kind.type, []).append(f"{kind.__module__}.{kind.__name__}")
    assert not {slug: classes for slug, classes in by_type.items() if len(classes) > 1}
