"""In every service, bodies are taken as they are written and answers tell their times alike."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, get_args

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


def test_bodies_are_taken_as_they_are_written() -> None:
    assert len(ROUTES) > 100
    found = {name_of(route): _loose(route) for route in ROUTES}
    assert {name: loose for name, loose in found.items() if loose} == {}


def _loose(route: Route) -> list[str]:
    """The models of its bodies that are no input of the house, or take more than they name."""
    bodies = [field.field_info.annotation for field in route.dependant.body_params]
    read = {model for body in bodies for model in models(body, set())}
    strict = (model for model in read if not issubclass(model, OAuthForm))
    lax = [model for model in strict if model.model_config.get("extra") != "forbid"]
    return names([*lax, *(model for model in read if not issubclass(model, Input))])


def test_answers_tell_their_times_as_the_clocks_here_show_them() -> None:
    found = {
        name_of(route): names(
            model
            for model in models(route.response_model, set())
            if not issubclass(model, View | Input)
        )
        for route in ROUTES
    }
    assert {name: others for name, others in found.items() if others} == {}


def test_an_entry_of_a_status_names_every_problem_of_it_once() -> None:
    for route in ROUTES:
        documented = list(_lines(route.responses))
        assert set(documented) >= {*_lines(GENERAL), *_lines(route.declared)}, name_of(route)
        assert len(set(documented)) == len(documented), name_of(route)


def _lines(responses: Responses) -> Iterator[tuple[int | str, str]]:
    return (
        (s, line) for s, r in responses.items() for line in r.get("description", "").splitlines()
    )
