"""A router whose routes are idempotent by key and document every problem they may answer."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
from asyncpg import PostgresError
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from shared import errors, idempotency
from shared.errors import BadRequest, Invalid, Text, problem_responses
from shared.faults import gave_way

TRIES = 3
LONGEST_PAUSE = 0.05

log = structlog.get_logger()

_ALWAYS = problem_responses(
    errors.BadRequest,
    errors.Unauthorized,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.PayloadTooLarge,
    errors.Invalid,
    errors.TooMany,
    errors.Internal,
    errors.Unavailable,
)
_NO_SUCH_QUERY = Text(
    "没有这个查询参数，请去掉", "There is no such query parameter; please remove it"
)
_NUL = Text("内容含有不允许的空字符", "The content holds a NUL character, which is not allowed")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """Reads the idempotency claim before the transaction and stores the answer inside it.

    A query parameter that the operation does not have is refused: a mistyped filter that is
    silently ignored would answer another question than the one asked.
    """

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        fields = get_flat_params(self.dependant)
        known = {field.alias for field in fields if isinstance(field.field_info, Query)}

        async def answer(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    raise Invalid(_NO_SUCH_QUERY, pointer=f"/query/{name[:50]}")
            if request.method in idempotency.UNSAFE:
                await _refuse_nul(request)
                request.state.claim = await idempotency.read_claim(request)
            try:
                return await _in_transaction(handle, request)
            except idempotency.Replay as replay:
                return replay.response

        return answer


async def _in_transaction(handle: Handler, request: Request) -> Response:
    """The answer, with its transaction committed; tried again where that gave way to another.

    Only the transaction is undone by a deadlock, and nothing has been answered, so that doing it
    all over is safe. A form is read from the wire as it comes and cannot be read twice.
    """
    tries = 1 if _is_form(request) else TRIES
    for left in reversed(range(tries)):
        try:
            # The stack on which FastAPI puts the dependencies of function scope: each try has one.
            async with AsyncExitStack() as stack:
                request.scope["fastapi_function_astack"] = stack
                response = await handle(request)
                await idempotency.store(request, response)
            return response
        except (DBAPIError, PostgresError) as error:
            if not (left and gave_way(error)):
                raise
            log.info("transaction_tried_again", left=left)
            await asyncio.sleep(random.uniform(0, LONGEST_PAUSE))
    raise AssertionError("unreachable")


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def _refuse_nul(request: Request) -> None:
    """PostgreSQL's text cannot hold NUL, however it is written in JSON."""
    if _is_form(request):
        return
    body = await request.body()
    if b"\\u0000" in body or b"\x00" in body:
        raise BadRequest(_NUL)


class Router(APIRouter):
    """`APIRouter` of this house: see the module's docstring."""

    def __init__(self, *, prefix: str = "", tags: list[str] | None = None, **options: Any) -> None:
        responses = {**_ALWAYS, **options.pop("responses", {})}
        super().__init__(
            prefix=prefix,
            tags=list(tags) if tags else None,
            route_class=Route,
            responses=responses,
            **options,
        )
