"""All that a route may ask for, on one page: write its type, and the framework hands it over.

Who may call is asked for as well: a route declares it with `allow(...)` or `public()`, and one that
declares neither fails start-up (`undeclared`). Every dependency is a coroutine: FastAPI sends plain
functions to a thread, and a hop to a thread and back costs more than the rest of a fast request.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import clock
from shared.database.deciding import DecidingSession, deciding
from shared.database.engine import LONGEST_WAIT_SECONDS, DirectPool, Sessions, is_exhausted
from shared.database.swap_statement import SwapStatement
from shared.errors import Forbidden, Problem, Text, Unauthorized
from shared.security.crypto import Keyring
from shared.security.identity import ROLES, Caller, identify
from shared.web import answers, idempotency, pagination, versions
from shared.web.pagination import PageRequest
from shared.web.patience import Patience
from shared.web.steps import StepTaker


@asynccontextmanager
async def _begun(request: Request) -> AsyncIterator[AsyncSession]:
    state = request.state
    state.is_committing = False
    async with state.sessions() as session, session.begin():
        await _wait_for_connection(state.sessions, session, request)
        state.session = session
        await idempotency.claim(session, request)
        yield session
        state.is_committing = True
    state.relay.wake()


async def _wait_for_connection(sessions: Sessions, session: AsyncSession, request: Request) -> None:
    """Where all are taken, one waits in the order of arrival for as long as the caller does.

    Raises TimeoutError, rather than begin what nobody waits for any more.
    """
    if is_exhausted(sessions):
        patience: Patience = request.state.patience
        left = patience.left(asyncio.get_running_loop().time())
        async with asyncio.timeout(min(left, LONGEST_WAIT_SECONDS)):
            await session.connection()


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    """What only reads by its method has no transaction to begin and to end."""
    if request.method in idempotency.SAFE:
        async with request.state.readings() as session:
            await _wait_for_connection(request.state.readings, session, request)
            yield session
    else:
        async with _begun(request) as session:
            yield session


Session = Annotated[AsyncSession, Depends(_session, scope="function")]
"""The request's one transaction; none of a GET, which writes nothing.

scope="function": commit before the response is sent, so a 201 is never a lie. FastAPI's default
scope runs this exit code after the client already has its answer.
"""


@asynccontextmanager
async def _statement(request: Request) -> AsyncIterator[SwapStatement]:
    state = request.state
    state.swap = statement = SwapStatement(state.direct)
    statement.is_again, state.is_decided = getattr(state, "is_decided", False), True
    state.is_committing = False
    try:
        claim = getattr(state, "claim", None)
        if claim is not None and claim.older:  # no unique index knows those
            await idempotency.replay_instead(request, statement.direct)
        async with AsyncExitStack() as stack:
            statement.begin = partial(_go_on, request, stack)
            statement.keep = stack.enter_async_context
            yield statement
    except Problem:
        await idempotency.replay_instead(request, statement.direct)
        await statement.ensure_unchanged()
        raise
    state.relay.wake()


async def _go_on(request: Request, stack: AsyncExitStack) -> AsyncSession:
    """The transaction in which all is written from now on, and the answer stored."""
    request.state.swap = None
    return await stack.enter_async_context(_begun(request))


async def _swap(request: Request) -> AsyncIterator[SwapStatement]:
    async with _statement(request) as statement:
        yield statement


async def _deciding(request: Request) -> AsyncIterator[DecidingSession]:
    readings = request.state.readings
    async with _statement(request) as statement, deciding(readings, statement) as session:
        await _wait_for_connection(readings, session, request)
        yield session


Swap = Annotated[SwapStatement, Depends(_swap, scope="function")]
"""What the request decides: one statement, no transaction (`shared/database/swap_statement.py`).

It is written with the answer, once that is known. A request that is refused is asked for its key:
what it did before is what it is answered.
"""
Deciding = Annotated[DecidingSession, Depends(_deciding, scope="function")]
"""The same for a use case that reads by models (`shared/database/deciding.py`)."""
AuditedReading = Annotated[DecidingSession, Depends(_deciding, scope="function")]
"""What a GET reads that notes in the audit log what it shows: all that it writes, before it
answers."""


async def _direct(request: Request) -> DirectPool:
    pool: DirectPool = request.state.direct
    return pool


Direct = Annotated[DirectPool, Depends(_direct)]
"""For hot paths that are one statement each, in autocommit."""


async def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.state.keyring
    return keyring


RequestKeyring = Annotated[Keyring, Depends(_keyring)]
"""What seals and opens personal columns."""


async def present() -> datetime:
    """`clock.now` as a dependency, which tests override."""
    return clock.now()


Now = Annotated[datetime, Depends(present)]
"""The moment of the request, aware UTC."""


async def _paging(
    limit: Annotated[int, Query(ge=1, le=200, description="每页条数 | Items a page")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=500, description="上一页的 next_cursor | Of the page before")
    ] = None,
) -> PageRequest:
    return PageRequest(limit, pagination.decode(cursor) if cursor else None)


Paging = Annotated[PageRequest, Depends(_paging)]
"""How much of a list is asked for, and after what."""


async def _language(response: Response, accept_language: Annotated[str, Header()] = "zh") -> str:
    language = answers.language_wanted(accept_language)
    answers.in_language(response, language)
    answers.vary(response, "Authorization")
    return language


Language = Annotated[str, Depends(_language)]
"""`zh` or `en`, for an answer that has sentences in one language; the answer says which.

Who makes the response themselves says it there (`answers.in_language`).
"""


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="同一请求重试时不变的键 | Stays the same when the same request is retried",
            max_length=255,
        ),
    ] = None,
) -> str | None:
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
"""The key as it was sent; only a route that keeps answers itself asks for it."""


async def _expected_version(
    if_match: Annotated[
        str | None,
        Header(
            description="所见版本号 | The version that you have seen",
            json_schema_extra={"pattern": versions.PATTERN},
        ),
    ] = None,
) -> int | None:
    return versions.number(if_match)


ExpectedVersion = Annotated[int | None, Depends(_expected_version)]
"""The number in `If-Match`; None where the caller does not insist on one."""

_scheme = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    refreshUrl="/api/v1/auth/token",
    scopes={role: f"{name.zh} | {name.en}" for role, name in ROLES.items()},
    scheme_name="OneDoor",
    description="任一所列身份即可 | Any one of the roles listed suffices",
    auto_error=False,
)

DECLARED_ONLY = frozenset({_scheme})
"""Dependencies that only say something in the documents: what they would find, nobody reads."""
OF_A_READING = frozenset({_session})
"""Those that refuse nobody who only reads."""


async def _permitted(
    request: Request, wanted: SecurityScopes, _: Annotated[str | None, Depends(_scheme)]
) -> Caller:
    caller = await identify(request)
    if caller is None:
        raise Unauthorized
    if not caller.has(*wanted.scopes):
        names = [ROLES[role] for role in wanted.scopes]
        raise Forbidden(
            Text(
                f"此操作限：{'、'.join(name.zh for name in names)}",
                f"This is for: {', '.join(name.en for name in names)}",
            )
        )
    return caller


async def _anyone(request: Request, _: Annotated[str | None, Depends(_scheme)]) -> Caller | None:
    return await identify(request)


@dataclass(frozen=True)
class StepContext:
    """What every step of something that has states needs, besides who takes it and of what."""

    session: Deciding
    keyring: RequestKeyring
    now: Now
    expected: ExpectedVersion

    def by(self, caller: Caller) -> StepTaker:
        return StepTaker(caller, self.now, self.keyring, self.expected)


def allow(*roles: str) -> Any:
    """Declares that callers with any of `roles` may call: `Annotated[Caller, allow("clerk")]`."""
    if not roles or not ROLES.keys() >= set(roles):
        raise ValueError(f"unknown roles: {roles}")
    return Security(_permitted, scopes=list(roles))


def public() -> Any:
    """Declares that anybody may call; the caller is known if they carry a token."""
    return Security(_anyone)


def _calls(dependant: Dependant) -> Iterable[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def is_public(route: RouteContext | APIRoute) -> bool:
    return _anyone in _calls(route.dependant)


def undeclared(routes: Iterable[RouteContext]) -> list[str]:
    """The routes that do not say who may call them."""
    return [
        f"{sorted(route.methods or ())} {route.path_format}"
        for route in routes
        if not {_permitted, _anyone} & set(_calls(route.dependant))
    ]
