"""In every service, bodies are taken as they are written and answers tell their times alike."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from deploy.services import SERVICES
from services.gateway.access.schemas import OAuthForm
from shared.errors import Responses
from shared.web.models import Input, View
from shared.web.routing import GENERAL, Route

ROUTES = [
    route
    for service in SERVICES
    for router in (
        router for room in import_module(f"services.{service}.app").ROOMS for router in room.routers
    )
    for route in router.routes
    if isinstance(route, Route)
]


def models(annotation: Any, seen: set[type]) -> Iterator[type[BaseModel]]:
    """Every model in a type, and in the fields of those."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if is_model and annotation not in seen:
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation, seen)
    for part in get_args(annotation):
        yield from models(part, seen)


def names(found: Iterable[type[BaseModel]]) -> list[str]:
    return sorted(f"{model.__module__}.{model.__name__}" for model in found)


def name_of(route: Route) -> str:
    return str(route.operation_id)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_body_is_taken_as_it_is_written(route: Route) -> None:
    bodies = [field.field_info.annotation for field in route.dependant.body_params]
    read = {model for body in bodies for model in models(body, set())}
    assert not names(model for model in read if not issubclass(model, Input))
    strict = (model for model in read if not issubclass(model, OAuthForm))
    assert not names(model for model in strict if model.model_config.get("extra") != "forbid")


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_an_answer_tells_its_times_as_the_clocks_here_show_them(route: Route) -> None:
    given = models(route.response_model, set())
    assert not names(model for model in given if not issubclass(model, View | Input))


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_an_entry_of_a_status_names_every_problem_of_it(route: Route) -> None:
    documented = set(_lines(route.responses))
    assert documented >= {*_lines(GENERAL), *_lines(route.declared)}
    assert len(documented) == len(list(_lines(route.responses))), "each of them once"


def _lines(responses: Responses) -> Iterator[tuple[int | str, str]]:
    return (
        (s, line) for s, r in responses.items() for line in r.get("description", "").splitlines()
    )
