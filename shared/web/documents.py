"""A service's own OpenAPI and AsyncAPI documents, which the gateway joins into one of each."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared.errors import ProblemDetails
from shared.messaging import asyncapi
from shared.messaging.bus import Subscription
from shared.messaging.events import Event
from shared.web.dependencies import is_public


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every documented operation of the application, with its full path and dependencies."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            yield route


def install(
    app: FastAPI,
    name: str,
    publishes: Sequence[type[Event]],
    subscriptions: Sequence[Subscription[Any]],
) -> None:
    """Serve `/openapi.json` and `/asyncapi.json`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _openapi(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    events = asyncapi.document(
        app.title, app.version, publishes=publishes, subscribes=subscriptions
    )

    @app.get("/asyncapi.json", include_in_schema=False)
    async def show_events() -> dict[str, Any]:
        return events


def _openapi(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, routes=app.routes, separate_input_output_schemas=True
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["ProblemDetails"] = problem
    visited = [route for route in routes_of(app) if is_public(route)]
    open_to_all = {(route.path_format, m.lower()) for route in visited for m in route.methods or ()}
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            if (path, method) in open_to_all:
                operation["security"] = [{}, *operation.get("security", [])]
    return document
