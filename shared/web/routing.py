"""A router whose routes are idempotent by key and document every problem they may answer."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, get_args, get_origin

import structlog
from asyncpg import InterfaceError, InternalClientError, PostgresError
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Body, Query
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from shared import errors
from shared.database.faults import gave_way, was_lost
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, Responses, Text, problem_responses
from shared.observability.library_internals import FUNCTION_STACK
from shared.web import bodies, dependencies, idempotency, old_queries, strict_queries, versions
from shared.web.gate import EXTENSION, Priority
from shared.web.lines import stand_in_line

TRIES = 3
LONGEST_PAUSE = 0.05

_OF_DATABASE = (
    DBAPIError,
    PostgresError,
    InterfaceError,
    InternalClientError,
    ConnectionError,
)

log = structlog.get_logger()

GENERAL = problem_responses(
    errors.BadRequest,
    errors.Unauthorized,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.PayloadTooLarge,
    errors.UnsupportedMediaType,
    errors.Invalid,
    errors.TooMany,
    errors.Internal,
    errors.Unavailable,
)
"""What every route may answer."""
_NO_SUCH_QUERY = Text(
    "没有这个查询参数，请去掉", "There is no such query parameter; please remove it"
)
_TWICE = Text("这个查询参数写了两次，请只留一个", "Given twice; please keep one of the two")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """Reads the idempotency claim before the transaction and stores the answer inside it.

    A query parameter that the operation does not have, or that is given twice, is refused: a
    filter that is silently ignored would answer another question than the one asked, and so would
    a value that is guessed (`strict_queries`). One whose name begins with `_` asks nothing, and is
    ignored. A body must be of the type that the operation takes, and name each of its fields once;
    where it takes none, none may be sent.

    `declared` is what the operation itself says that it may answer. The document also has what
    every operation may, in the same entry where the status is the same.
    """

    def __init__(self, *args: Any, responses: Responses | None = None, **options: Any) -> None:
        self.declared = responses or {}
        super().__init__(*args, responses=_with_general(self.declared), **options)
        taken = (body.field_info.annotation for body in self.dependant.body_params)
        self._takes_version = versions.is_in(taken)
        if self._takes_version:
            self._add_parameters(versions.PARAMETER)
        self._renamed = old_queries.of(get_flat_params(self.dependant))
        self._add_parameters(*old_queries.parameters(self._renamed))

    def _add_parameters(self, *parameters: dict[str, Any]) -> None:
        """What the document shows besides the parameters of the endpoint."""
        extra = self.openapi_extra or {}
        if parameters:
            self.openapi_extra = {
                **extra,
                "parameters": [*parameters, *extra.get("parameters", ())],
            }

    def get_route_handler(self) -> Handler:
        return self.answering(super().get_route_handler())

    def answering(self, handle: Handler) -> Handler:
        """What answers a request by `handle`, with all that comes before and after it here."""
        fields = get_flat_params(self.dependant)
        queries = [field for field in fields if isinstance(field.field_info, Query)]
        known = {field.alias: _Query.of(field.field_info.annotation) for field in queries}
        sees_version = any(field.alias == "if-match" for field in fields)
        media, public = _media_type(self.body_field), dependencies.is_public(self)
        also = frozenset((self.openapi_extra or {}).get(bodies.ALSO, ()))

        async def answer(request: Request) -> Response:
            if request.scope.get("query_string"):
                old_queries.rename(request, self._renamed)
                _check_query(request, known)
            is_unsafe = request.method in idempotency.UNSAFE
            if is_unsafe or bodies.announced(request):
                request = await bodies.checked(request, media, also)
            if is_unsafe:
                if self._takes_version:
                    request = await versions.put_into_body(request)
                elif not sees_version:
                    versions.ensure_none(request.headers.get("if-match"))
                request.state.claim = await idempotency.read_claim(request, public=public)
            try:
                return await _in_transaction(handle, request)
            except idempotency.Replay as replay:
                return replay.response

        return answer


def _with_general(declared: Responses) -> Responses:
    """`declared` with what every route may answer; an entry names every problem of its status."""
    whole = {**GENERAL, **declared}
    for status in GENERAL.keys() & declared.keys():
        own, general = declared[status], GENERAL[status]
        lines = [*own.get("description", "").splitlines(), *general["description"].splitlines()]
        whole[status] = {**general, **own, "description": "\n".join(dict.fromkeys(lines))}
    return whole


async def _in_transaction(handle: Handler, request: Request) -> Response:
    """The answer, with its transaction committed; tried again where that is safe.

    Where a transaction gave way to another or its connection was lost, only that was undone, and
    nothing has been answered. A form is read from the wire as it comes and cannot be read twice.
    """
    tries = 1 if bodies.is_form(request) else TRIES
    async with AsyncExitStack() as until_done:
        for left in reversed(range(tries)):
            try:
                return await _tried(handle, request)
            except _OF_DATABASE as error:
                is_first = left == tries - 1
                if not left or not _may_try_again(request, error, is_first=is_first):
                    raise
                log.info("request_tried_again", left=left)
                await asyncio.sleep(random.uniform(0, LONGEST_PAUSE))
                if is_first and gave_way(error):
                    await stand_in_line(request, until_done)
    raise AssertionError("unreachable")


async def _tried(handle: Handler, request: Request) -> Response:
    # The stack on which FastAPI puts the dependencies of function scope: each try has one.
    async with AsyncExitStack() as stack:
        request.scope[FUNCTION_STACK] = stack
        response = await handle(request)
        await idempotency.store(request, response)
    return response


def _may_try_again(request: Request, error: Exception, *, is_first: bool) -> bool:
    """Whether nothing was done: a transaction gave way, or lost its connection before its end.

    What is lost is tried once more only, for then the server itself is gone. A statement outside of
    the request's own transaction may have been done, and so may a transaction that the use case
    itself commits, so that only a safe method may send them again.
    """
    if gave_way(error):
        return True
    if not is_first or not was_lost(error):
        return False
    return request.method in idempotency.SAFE or _is_undone(request, error)


def _is_undone(request: Request, error: Exception) -> bool:
    """Whether it was lost before its transaction was to commit, or its decision to be written."""
    statement: SwapStatement | None = getattr(request.state, "swap", None)
    if statement is not None and not statement.is_sent:
        return True
    return isinstance(error, DBAPIError) and not getattr(request.state, "is_committing", True)


class _Query(NamedTuple):
    """A query parameter: whether it may be given several times, and how its values are written."""

    is_list: bool
    written: strict_queries.Written | None

    @classmethod
    def of(cls, annotation: Any) -> "_Query":
        return cls(_is_list(annotation), strict_queries.form_of(annotation))


def _check_query(request: Request, known: Mapping[str, _Query]) -> None:
    seen = set()
    for name, value in request.query_params.multi_items():
        if name.startswith("_"):
            continue  # what libraries of browsers add against caches in between: `_=1764400000`
        if name not in known:
            raise Invalid(_NO_SUCH_QUERY, pointer=f"/query/{name[:50]}")
        if name in seen and not known[name].is_list:
            raise Invalid(_TWICE, pointer=f"/query/{name}")
        strict_queries.ensure(name, value, known[name].written)
        seen.add(name)


def _is_list(annotation: Any) -> bool:
    """Whether a parameter of that type may be given several times."""
    if get_origin(annotation) in (list, set, frozenset, tuple, Sequence):
        return True
    return any(_is_list(part) for part in get_args(annotation) if part is not Ellipsis)


def _media_type(body: Any) -> str | None:
    """What the operation takes, None if it takes no body."""
    info = getattr(body, "field_info", None)
    return info.media_type if isinstance(info, Body) else None


class Router(APIRouter):
    """`APIRouter` of this house: see the module's docstring.

    `priority` is that of all its operations, where it is not what their method says.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str] | None = None,
        priority: Priority | None = None,
        **options: Any,
    ) -> None:
        self._priority = priority
        options.setdefault("route_class", Route)
        super().__init__(prefix=prefix, tags=list(tags) if tags else None, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if self._priority is not None:
            said = {EXTENSION: self._priority.name.lower()}
            options["openapi_extra"] = {**said, **(options.get("openapi_extra") or {})}
        super().add_api_route(path, endpoint, **options)
