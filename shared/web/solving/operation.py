"""An operation: its body, its plan, its function, its answer."""

import email.message
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.responses import JSONResponse
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException

from shared.web.solving.internals import (
    Dependant,
    RouteContext,
    Undefined,
    embeds_body,
    is_coroutine,
    serialize_response,
)
from shared.web.solving.plan import Plan, Shortcuts, Unplanned

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_PLAIN_JSON = frozenset({"application/json", "application/json; charset=utf-8"})
_SERIALISED = (
    *("include", "exclude", "by_alias"),
    *("exclude_unset", "exclude_defaults", "exclude_none"),
)


class _Prepared:
    """A route's function with its plan, and how its result becomes an answer."""

    def __init__(self, route: RouteContext, app: FastAPI, how: Shortcuts) -> None:
        self._route, self._how, self._app = route, how, app
        self._call: Any = route.dependant.call
        self._plan = Plan(route.dependant, how, {})
        self._overridden: tuple[dict[Any, Any], Plan] = ({}, self._plan)
        is_default = isinstance(route.response_class, DefaultPlaceholder)
        self._dumps = route.response_field is not None and is_default
        self._class = JSONResponse if is_default else route.response_class
        self._options: dict[str, Any] = {
            name: getattr(route, f"response_model_{name}") for name in _SERIALISED
        }
        field_ = route.response_field
        self._model = field_.field_info.annotation if field_ is not None else None

    async def handle(self, request: Request) -> Response:
        body = Undefined if self._plan.body is None else await _body_of(request)
        values, errors, injected = await self._present_plan().solve(request, body)
        if errors:
            raise RequestValidationError(errors, body=None if body is Undefined else body)
        result = await self._call(**values)
        if isinstance(result, Response):
            return result
        return await self._answer(result, injected)

    def _present_plan(self) -> Plan:
        wanted = self._app.dependency_overrides
        if not wanted:
            return self._plan
        overrides, plan = self._overridden
        if overrides != wanted:
            overrides = dict(wanted)
            plan = Plan(self._route.dependant, self._how, overrides)
            self._overridden = (overrides, plan)
        return plan

    async def _answer(self, result: Any, injected: Response | None) -> Response:
        response = self._response(await self._content(result), injected)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        if injected is not None:
            response.headers.raw.extend(injected.headers.raw)
        return response

    def _response(self, content: Any, injected: Response | None) -> Response:
        status = (injected and injected.status_code) or self._route.status_code
        named: dict[str, Any] = {"status_code": status} if status is not None else {}
        if self._dumps:
            return Response(content, media_type="application/json", **named)
        made: Response = self._class(content, **named)
        return made

    async def _content(self, result: Any) -> Any:
        """A model of the class that was declared was checked when it was made."""
        declared = self._route.response_field
        if self._dumps and type(result) is self._model:
            return declared.serialize_json(result, **self._options)
        return await serialize_response(
            field=declared, response_content=result, dump_json=self._dumps, **self._options
        )


async def _body_of(request: Request) -> Any:
    """The body as FastAPI hands it on: parsed where it is JSON by its type, else as its bytes."""
    content_type = request.headers.get("content-type")
    try:
        raw = await request.body()
        if not raw:
            return Undefined
        is_json = content_type in _PLAIN_JSON or _is_json(content_type)
        return await request.json() if is_json else raw
    except json.JSONDecodeError as error:
        wrong = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "", "input": {}}
        raise RequestValidationError([wrong], body=error.doc) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "There was an error parsing the body") from error


def _is_json(content_type: str | None) -> bool:
    if not content_type:
        return False
    message = email.message.Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    is_json = subtype == "json" or subtype.endswith("+json")
    return is_json and message.get_content_maintype() == "application"


def handler_of(route: RouteContext, app: FastAPI, how: Shortcuts) -> Handler | None:
    """What answers the operation; None for one that needs FastAPI itself.

    What tests put in the place of dependencies is looked at with each request. Needed is FastAPI
    for forms, streams of items, several bodies, and dependencies that live until the answer was
    sent.
    """
    if route.is_sse_stream or route.is_json_stream or route.stream_item_field is not None:
        return None
    if embeds_body(route) or isinstance(_media(route), Form):
        return None
    if len(route.dependant.body_params) > 1 or any(map(_has_body, route.dependant.dependencies)):
        return None
    if not is_coroutine(route.dependant.call):
        return None
    try:
        return _Prepared(route, app, how).handle
    except Unplanned:
        return None


def _media(route: RouteContext) -> Any:
    return route.body_field.field_info if route.body_field is not None else None


def _has_body(dependant: Dependant) -> bool:
    return bool(dependant.body_params) or any(map(_has_body, dependant.dependencies))
