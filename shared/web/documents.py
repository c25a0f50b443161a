"""A service's own OpenAPI and AsyncAPI documents, which the gateway joins into one of each."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared import clock
from shared.errors import ProblemDetails, all_problems, describe
from shared.messaging import asyncapi
from shared.web import describing, examples, glossary
from shared.web.dependencies import is_public
from shared.web.references import renamed
from shared.web.room import Room, publishes, subscriptions, workflows
from shared.workflow import Workflow

OPENAPI, ASYNCAPI = "/openapi.json", "/asyncapi.json"
PROBLEM_TYPES = "x-problem-types"
"""Where a service's own document lists every problem that it can answer with: those that an
operation declares, and those that come before or around any operation."""


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every documented operation of the application, with its full path and dependencies."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            yield route


class Documents:
    """An application's documents, kept as they are sent: as objects they are ten times as large."""

    def __init__(self, app: FastAPI, name: str, rooms: Sequence[Room]) -> None:
        self._app, self._name, self._rooms = app, name, rooms
        self._openapi: bytes | None = None
        self.asyncapi = _as_json(
            asyncapi.document(
                app.title,
                app.version,
                publishes=publishes(rooms),
                subscribes=subscriptions(rooms),
                words=glossary.of(name),
            )
        )

    def openapi(
        self, *, how: Callable[[Callable[[], bytes]], bytes] = lambda make: make()
    ) -> bytes:
        """Made when it is first asked for, in the way of `how`."""
        if self._openapi is None:
            self._openapi = how(self._make)
        return self._openapi

    def _make(self) -> bytes:
        whole = _openapi(self._app, workflows(self._rooms), self._name)
        return _as_json(whole | {PROBLEM_TYPES: _problem_types(self._name)})


def install(app: FastAPI, documents: Documents) -> None:
    """Serve `/openapi.json` and `/asyncapi.json`."""

    def openapi() -> dict[str, Any]:
        return json.loads(documents.openapi())  # type: ignore[no-any-return]

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get(OPENAPI, include_in_schema=False)
    async def show_operations() -> Response:
        return Response(documents.openapi(), media_type="application/json")

    @app.get(ASYNCAPI, include_in_schema=False)
    async def show_events() -> Response:
        return Response(documents.asyncapi, media_type="application/json")


def _as_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def install_examples(app: FastAPI, live: examples.Live) -> None:
    """Serve to the gateway which rows of a local system the examples are about."""

    @app.get(examples.PATH, include_in_schema=False)
    async def show_examples(request: Request) -> dict[str, Any]:
        state = request.state
        async with state.sessions() as session:
            return examples.as_json(await live(session, state.keyring))


def _openapi(app: FastAPI, workflows: Sequence[Workflow[Any]], name: str) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, routes=app.routes, separate_input_output_schemas=True
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["ProblemDetails"] = problem
    _name_states(schemas, workflows)
    visited = [route for route in routes_of(app) if is_public(route)]
    open_to_all = {
        (str(route.path_format), m.lower()) for route in visited for m in route.methods or ()
    }
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            if (path, method) in open_to_all:
                operation["security"] = [{}, *operation.get("security", [])]
    whole = _named_by_title(document)
    describing.complete(whole, glossary.of(name), open_to_all)
    examples.show(whole["paths"], examples.read(name), clock.today(clock.now()))
    return whole


def _name_states(schemas: dict[str, Any], workflows: Sequence[Workflow[Any]]) -> None:
    """Says what each state is called: `held 已占位；confirmed 已预约`, and so in English."""
    for workflow in workflows:
        if schema := schemas.get(workflow.kind.__name__):
            names = workflow.states.items()
            zh = "；".join(f"{state} {name.zh}" for state, name in names)
            schema["description"] = f"{zh} | " + "; ".join(f"{s}: {name.en}" for s, name in names)


def _named_by_title(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each schema under its title, where no other has that title.

    The framework derives names from how a type is spelt: `Page_HallView_` for what is titled
    `HallViewPage`.
    """
    schemas = document["components"]["schemas"]
    used = Counter(schema.get("title") for schema in schemas.values())
    titles = {name: schema.get("title", name) for name, schema in schemas.items()}
    names = {name: title for name, title in titles.items() if used[title] == 1}
    whole: dict[str, Any] = renamed(document, names)
    whole["components"]["schemas"] = {
        names.get(name, name): schema for name, schema in whole["components"]["schemas"].items()
    }
    return whole


def _problem_types(service: str) -> dict[str, dict[str, str]]:
    """{type: {"status", "description"}} of all that the service and what is shared define."""
    own = ("shared.", f"services.{service}.")
    return {
        kind.type: {"status": str(int(kind.status)), "description": describe(kind)}
        for kind in sorted(all_problems(), key=lambda kind: kind.type)
        if kind.__module__.startswith(own)
    }
