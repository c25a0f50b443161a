"""The plan of an operation calls, keeps and refuses what FastAPI does, and knows when that changes.

A failure of the first test means that an upgrade has changed a function which
`shared/web/solving.py` or `shared/web/lean_stack.py` does again in their own way. Read what has
changed, do it there too, and put the new digest here; `tests/contracts/test_both_stacks.py` asks
both stacks the same.
"""

import hashlib
import inspect
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Cookie, Depends, Header, Query, Response
from pydantic import BaseModel, Field

from shared.errors import Text
from shared.security.identity import Caller
from shared.settings import Settings
from shared.web import app
from shared.web.blueprint import Blueprint
from shared.web.dependencies import public
from shared.web.models import Input, View
from shared.web.room import Room
from shared.web.routing import Router
from tests import support

DONE_AGAIN = {
    "fastapi._compat.v2:ModelField.serialize_json": "7091ad3900b1",
    "fastapi._compat.v2:ModelField.validate": "7de6c8815991",
    "fastapi.applications:FastAPI.__call__": "0795712e5427",
    "fastapi.applications:FastAPI.build_middleware_stack": "4d76b65957b2",
    "fastapi.dependencies.models:Dependant": "9f6d0dba138b",
    "fastapi.dependencies.models:_get_cache_key": "eba06ac99846",
    "fastapi.dependencies.models:_get_oauth_scopes": "bcd9edaf2c4a",
    "fastapi.dependencies.utils:_get_multidict_value": "1c0a3bde8f29",
    "fastapi.dependencies.utils:_get_param_aliases": "11914e5b1de6",
    "fastapi.dependencies.utils:_get_param_model": "f6f096a31e56",
    "fastapi.dependencies.utils:_solve_generator": "15a7cbc2eb61",
    "fastapi.dependencies.utils:_validate_value_with_model_field": "58abee44a750",
    "fastapi.dependencies.utils:request_body_to_args": "8ae56248184c",
    "fastapi.dependencies.utils:request_params_to_args": "e028df88c5ea",
    "fastapi.dependencies.utils:solve_dependencies": "19825365bd06",
    "fastapi.routing:APIRoute.get_route_handler": "b0412ff714c7",
    "fastapi.routing:APIRoute.handle": "6522436750d8",
    "fastapi.routing:APIRouter.app": "89d3c3a8083f",
    "fastapi.routing:_EffectiveRouteContext.matches": "7bf5e9ac8d5e",
    "fastapi.routing:_build_response_args": "f456f86fd758",
    "fastapi.routing:get_request_handler": "d959336b7162",
    "fastapi.routing:request_response": "69a7733a6238",
    "fastapi.routing:serialize_response": "69d99624855b",
    "starlette._exception_handler:wrap_app_handling_exceptions": "d5e41f0fa794",
    "starlette.middleware.errors:ServerErrorMiddleware.__call__": "a7d082263a5c",
    "starlette.requests:Request.body": "1234438dc07e",
    "starlette.routing:compile_path": "8092946a4c2c",
}
"""Digests of the sources, of FastAPI 0.165 and Starlette 1.10."""


def digest(path: str) -> str:
    module, _, name = path.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:12]


@pytest.mark.parametrize("path", DONE_AGAIN)
def test_what_is_done_again_here_is_still_done_so_there(path: str) -> None:
    assert digest(path) == DONE_AGAIN[path], f"{path} has changed; see above what to do"


calls: list[str] = []


async def counted() -> str:
    calls.append("counted")
    return "counted"


Counted = Annotated[str, Depends(counted)]
Anew = Annotated[str, Depends(counted, use_cache=False)]


async def pair(first: Counted, limit: Annotated[int, Query(ge=1)] = 3) -> tuple[str, int]:
    calls.append("pair")
    return first, limit


Pair = Annotated[tuple[str, int], Depends(pair)]


def in_a_thread(pair_: Pair) -> str:
    calls.append("thread")
    return f"{pair_[1]}"


made_in: list[int] = []


@dataclass
class Made:
    """A class puts together what it is given."""

    first: Counted
    size: Annotated[int, Query(ge=1)] = 1

    def __post_init__(self) -> None:
        made_in.append(threading.get_ident())


async def opened(_: Counted) -> AsyncIterator[str]:
    calls.append("opened")
    try:
        yield "open"
    finally:
        calls.append("closed")


class Seen(Input):
    word: str
    many: list[int] = []


class Shown(View):
    word: str
    left_out: str | None = None


class Wider(Shown):
    secret: str = "nobody's"


class Several(BaseModel):
    tags: list[str] = Field(default_factory=lambda: ["none"])


router = Router(prefix="/odd", tags=["citizen"])
Anybody = Annotated[Caller | None, public()]


@router.get("/tree/{number}", operation_id="odd_tree", summary="树 | Tree")
async def odd_tree(
    _: Anybody,
    number: int,
    one: Pair,
    two: Pair,
    thread: Annotated[str, Depends(in_a_thread)],
    made: Annotated[Made, Depends()],
    anew: Anew,
    open_: Annotated[str, Depends(opened, scope="function")],
    response: Response,
    tag: Annotated[list[str] | None, Query()] = None,
    agent: Annotated[str, Header(max_length=9)] = "nobody",
    biscuit: Annotated[str | None, Cookie()] = None,
    flags: Annotated[set[int], Query()] = frozenset(),  # type: ignore[assignment]
) -> dict[str, Any]:
    response.headers["X-Odd"] = str(number)
    if number == 4:
        response.status_code = 202
    return {
        "number": number,
        "one": one,
        "two": two,
        "thread": thread,
        "made": [made.first, made.size],
        "anew": anew,
        "open": open_,
        "tag": tag,
        "agent": agent,
        "biscuit": biscuit,
        "flags": sorted(flags),
        "calls": calls.copy(),
    }


@router.get("/model", operation_id="odd_model", summary="模型 | Model")
async def odd_model(_: Anybody, asked: Annotated[Several, Query()]) -> Several:
    return asked


@router.post(
    "/shown", operation_id="odd_shown", summary="显示 | Shown", response_model_exclude_none=True
)
async def odd_shown(_: Anybody, seen: Seen) -> Shown:
    """答案只含所声明的字段。
    ---
    Whatever it returns, only what is declared is answered.
    """
    returned: Any = {
        "same": Shown(word="same"),
        "wider": Wider(word="wider"),
        "plain": {"word": "plain", "left_out": "x", "secret": "y"},
        "broken": {"secret": "y"},
    }[seen.word]
    return returned  # type: ignore[no-any-return]


@router.post("/maybe", operation_id="odd_maybe", summary="可无 | Maybe", status_code=201)
async def odd_maybe(_: Anybody, seen: Seen | None = None) -> list[Shown]:
    return [Shown(word=seen.word if seen else "none"), Wider(word="wider")]


@router.delete("/gone", operation_id="odd_gone", summary="无 | Gone", status_code=204)
async def odd_gone(_: Anybody) -> None:
    return None


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "tree/3", {}),
    ("GET", "tree/4?tag=a&tag=b&limit=2&flags=1&flags=2", {}),
    ("GET", "tree/four?limit=0", {}),
    ("GET", "tree/4?size=3", {}),
    ("GET", "tree/4?size=0", {}),
    ("GET", "tree/4?limit=none&flags=x", {"headers": {"agent": "much too long"}}),
    ("GET", "tree/4", {"headers": {"cookie": "biscuit=yes", "agent": "me"}}),
    ("GET", "model", {}),
    ("GET", "model?tags=a&tags=b", {}),
    ("POST", "shown", {"json": {"word": "same"}}),
    ("POST", "shown", {"json": {"word": "wider"}}),
    ("POST", "shown", {"json": {"word": "plain"}}),
    ("POST", "shown", {"json": {"word": "broken"}}),
    ("POST", "shown", {"json": {"word": 7, "many": ["x", 1.5, True]}}),
    ("POST", "shown", {}),
    ("POST", "maybe", {}),
    ("POST", "maybe", {"json": None}),
    ("POST", "maybe", {"json": {"word": "x"}}),
    ("DELETE", "gone", {}),
]


@pytest.fixture(scope="module")
def both() -> list[Any]:
    made = []
    for standard in (False, True):
        settings = Settings(
            env="test",
            database_url="postgresql://nobody@127.0.0.1:1/nothing",
            column_keys=support.COLUMN_KEYS,
            index_key=support.INDEX_KEY,
            standard_stack=standard,
        )
        title = Text("怪", "Odd")
        made.append(app.build(settings, Blueprint("feedback", title, [Room([router])])))
    return made


async def counted_otherwise(agent: Annotated[str, Header()] = "else") -> str:
    calls.append("otherwise")
    return agent


@pytest.mark.parametrize("is_overridden", [False, True])
@pytest.mark.parametrize(("method", "path", "options"), REQUESTS)
async def test_a_plan_does_what_fastapi_does(
    both: list[Any], method: str, path: str, options: dict[str, Any], is_overridden: bool
) -> None:
    answers = []
    for one in both:
        one.dependency_overrides = {counted: counted_otherwise} if is_overridden else {}
        calls.clear()
        transport = httpx.ASGITransport(one, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            client.headers["x-request-id"] = "one-and-the-same"
            answer = await client.request(method, f"/api/v1/odd/{path}", **options)
        headers = list(answer.headers.items())
        answers.append((answer.status_code, headers, answer.content, calls.copy()))
    assert answers[0] == answers[1]


async def test_a_class_is_made_without_a_thread(both: list[Any]) -> None:
    transport = httpx.ASGITransport(both[0])
    made_in.clear()
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/api/v1/odd/tree/3")).status_code == 200
    assert made_in == [threading.get_ident()]
