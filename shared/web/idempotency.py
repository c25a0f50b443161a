"""The same request twice has one effect and one answer.

A caller may send `Idempotency-Key` with every unsafe request. The key, a hash of the request and
the (sealed) answer are stored in the transaction of the effect itself: either both exist or
neither. Same key and request: the stored answer with `Idempotent-Replayed: true`; same key and
another request: 422; still running: 409. An answer that was an error stored nothing, because its
transaction was rolled back, so a retry runs again. Keys are kept for a day, and the texts for
people say what follows: what is kept is found again by the release that kept it.

What is kept of a public route names nobody: the row shares its transaction with what was written,
which may be an anonymous letter, so that caller, key and request would lead to whoever sent it.
There only a keyed digest is kept, of caller or network and key together: the same key of somebody
else is another claim, and so is never answered with a receipt that is not theirs. Who goes on from
another network without an account is somebody else too.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from asyncpg import UniqueViolationError
from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import faults
from shared.database.engine import DirectPool
from shared.database.swap_statement import Lost, SwapStatement
from shared.errors import Conflict, Invalid, Text
from shared.security import identity
from shared.security.crypto import Keyring
from shared.web.bodies import JsonRequest

KEPT = timedelta(days=1)
NETWORK_HEADER = "x-onedoor-network"
"""A digest by the gateway of the client's network and the key; no client can send it."""
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
SHORTEST_PUBLIC_KEY, LONGEST_KEY = 16, 255
SAFE = frozenset({"GET", "HEAD"})
"""Methods of operations that change nothing (RFC 9110, 9.2.1)."""
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WRITER = json.JSONEncoder(sort_keys=True)
"""Kept, because `json.dumps` makes one for each value. What it writes is hashed, and a key is known
again by the release that comes next: it stays as it is."""
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._~-]*")
_KEPT_HEADERS = (
    *("content-type", "content-language", "location", "etag", "cache-control", "vary"),
)
_ANSWER = "idempotency.answer"

# Where the one before commits between the look and the lock, the answer is not seen, and the key's
# unique index refuses what is done a second time.
_CLAIM = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(:caller || ' ' || :key, 7)),"
    " i.key, request_hash, status, answer, sealed, headers FROM (SELECT) AS one"
    " LEFT JOIN idempotency i ON i.caller = :caller AND i.key = ANY(CAST(:keys AS text[]))"
)
_FIND = (
    "SELECT key, request_hash, status, answer, sealed, headers FROM idempotency"
    " WHERE caller = $1 AND key = ANY($2::text[])"
)
_STORE = (
    "INSERT INTO idempotency (caller, key, route, request_hash, status, sealed, headers)"
    " VALUES (:caller, :key, :route, :request_hash, :status, :sealed, CAST(:headers AS jsonb))"
)
_STORE_IN_TRANSACTION = text(_STORE)
_TAKEN = "pk_idempotency"
_OTHER_REQUEST = Text(
    "这个幂等键已用于另一个请求，请换一个新的",
    "This idempotency key was used for another request; please use a new one",
)
_RUNNING = Text(
    "同一个请求正在处理，请稍候再查", "The same request is still running; please try again shortly"
)
_BAD_KEY = Text(
    "幂等键应为 1 至 255 个可见字符；人人可用的操作至少 16 个",
    "An idempotency key must be 1 to 255 visible characters; at least 16 where anybody may call",
)


class KeyReused(Invalid):
    type = "/problems/idempotency-key-reused"
    title = Text("幂等键重复使用", "Idempotency key reused")
    advice = Text("每个新请求用一个新的键", "Use a new key for each new request")

    def __init__(self) -> None:
        super().__init__(_OTHER_REQUEST, pointer="/header/Idempotency-Key")


class StillRunning(Conflict):
    type = "/problems/still-running"
    title = Text("正在处理", "Still running")
    advice = Text("请稍等一秒，用同一个键再查", "Wait a second and ask again with the same key")


class Replay(Exception):
    """Ends a request with the answer that the same request had before."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(frozen=True)
class Claim:
    """Who asks for what under which key; of a public route as digests that name nobody."""

    caller: str
    key: str
    route: str
    request_hash: str
    older: tuple[tuple[str, str], ...] = ()
    """Key and request as they were digested before the index key was changed."""


class StoredAnswer(NamedTuple):
    """The answer stored for a key: encrypted, except where the booking statement wrote it itself.

    That statement stores its answer in plain text together with the booking: it names nobody, and
    encrypting it would cost more than the booking does.
    """

    request_hash: str
    status: int
    answer: Any
    sealed: str | None
    headers: dict[str, str] | None


async def read_claim(request: Request, *, public: bool) -> Claim | None:
    """The claim that an unsafe request makes, None without a key. Raises Invalid for a bad key."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method not in UNSAFE:
        return None
    caller = await identity.identify(request)
    shortest = 1 if caller and not public else SHORTEST_PUBLIC_KEY
    if not (shortest <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Invalid(_BAD_KEY, pointer="/header/Idempotency-Key")
    path, query = _address(request)
    route = f"{request.method} {path}"
    asked = f"{route}?{query} {request.headers.get('if-match', '')}"
    digest = request_hash(asked, await _canonical(request))
    if caller and not public:
        return Claim(caller.sub, key, route, digest)
    return _unnamed(request, caller.sub if caller else _network(request), key, route, digest)


def _address(request: Request) -> tuple[str, str]:
    """Path and query as they stand in the request's URL, which is put together only if it must."""
    path: str = request.scope["path"]
    if _PLAIN_PATH.fullmatch(path) and not request.scope.get("query_string"):
        return path, ""
    return request.url.path, request.url.query


def _unnamed(request: Request, who: str, key: str, route: str, digest: str) -> Claim:
    keyring: Keyring = request.state.keyring
    keys = keyring.forms(f"{who}\n{key}", where="idempotency.key")
    requests = keyring.forms(digest, where="idempotency.request")
    (newest, wanted), *older = zip(keys, requests, strict=True)
    return Claim("_", newest, route, wanted, tuple(older))


def _network(request: Request) -> str:
    """Where a caller without an account comes from, as the gateway says; else the peer."""
    peer = request.client.host if request.client else ""
    return request.headers.get(NETWORK_HEADER) or peer


def may_repeat(method: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the same request sent again does nothing twice: by its method, or by its key."""
    return method in _REPEATABLE or any(name == b"idempotency-key" for name, _ in headers)


async def _canonical(request: Request) -> bytes:
    """What the body says, however it is spaced; the bytes themselves of what is no JSON, or is
    nested too deeply to be read."""
    body = await request.body()
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(request, JsonRequest) and body:
            return _WRITER.encode(request.sent).encode()
        body = _WRITER.encode(json.loads(body)).encode()
    return body


def request_hash(asked: str, body: bytes) -> str:
    """Equal for the same method, address, precondition and content."""
    return hashlib.sha256(asked.encode() + b"\n" + body).hexdigest()


async def claim(session: AsyncSession, request: Request) -> None:
    """Within the request's transaction: take the key, or end the request by what it already did.

    Raises Replay, KeyReused or StillRunning.
    """
    wanted: Claim | None = getattr(request.state, "claim", None)
    if wanted is None:
        return
    who = {"caller": wanted.caller, "key": wanted.key}
    rows = (await session.execute(_CLAIM, {**who, "keys": [*_forms(wanted)]})).all()
    if not all(is_ours for is_ours, *_ in rows):
        raise StillRunning(_RUNNING, retry_after=1)
    for _, key, *row in rows:
        if key is not None:
            raise _replay(key, StoredAnswer(*row), wanted, request)
    request.state.claimed = wanted


def _forms(wanted: Claim) -> dict[str, str]:
    """The request's digest by each key that its answer may be kept under."""
    return {wanted.key: wanted.request_hash, **dict(wanted.older)}


def _replay(key: str, found: StoredAnswer, wanted: Claim, request: Request) -> Replay | KeyReused:
    if found.request_hash != _forms(wanted)[key]:
        return KeyReused()
    if found.sealed is not None:
        body = request.state.keyring.open(found.sealed, where=_ANSWER, row=key).encode()
    elif isinstance(found.answer, str):  # as the driver itself gives it
        body = found.answer.encode()
    else:
        body = json.dumps(found.answer, ensure_ascii=False).encode()
    given = found.headers or {}
    headers = {**(json.loads(given) if isinstance(given, str) else given)}
    return Replay(Response(body, found.status, headers=headers | {"Idempotent-Replayed": "true"}))


async def store(request: Request, response: Response) -> None:
    """Keep the answer with what the request has done, if it came with a key.

    In the transaction that is still open; or by the statement that does it, which is written here.
    """
    statement: SwapStatement | None = getattr(request.state, "swap", None)
    if statement is not None:
        await _write(statement, request, response)
        return
    claimed: Claim | None = getattr(request.state, "claimed", None)
    if claimed is None or response.status_code >= 400:
        return
    session: AsyncSession = request.state.session
    try:
        await session.execute(_STORE_IN_TRANSACTION, _kept(claimed, request, response))
    except IntegrityError as error:
        # What was pending is written as well, and an index of its own may refuse that.
        if getattr(faults.postgres_error(error), "constraint_name", None) != _TAKEN:
            raise
        raise StillRunning(_RUNNING, retry_after=1) from error


def _kept(claimed: Claim, request: Request, response: Response) -> dict[str, Any]:
    answer = bytes(response.body).decode()
    headers = {k: v for k in _KEPT_HEADERS if (v := response.headers.get(k)) is not None}
    return {
        "caller": claimed.caller,
        "key": claimed.key,
        "route": claimed.route,
        "request_hash": claimed.request_hash,
        "status": response.status_code,
        "sealed": request.state.keyring.seal(answer, where=_ANSWER, row=claimed.key),
        "headers": json.dumps(headers),
    }


async def _write(statement: SwapStatement, request: Request, response: Response) -> None:
    """Writes what was decided and the answer, all or nothing.

    Of two with one key the second fails, by the row that the first has swapped or by the key's
    unique index; it is answered what the first was. Raises StateConflict where it was another one.
    """
    claimed: Claim | None = getattr(request.state, "claim", None)
    if claimed is not None and response.status_code < 400:
        statement.also(_STORE, **_kept(claimed, request, response))
    try:
        await statement.write()
    except Lost:
        await replay_instead(request, statement.direct)
        await statement.refuse()
    except UniqueViolationError as error:
        if error.constraint_name == _TAKEN:
            await replay_instead(request, statement.direct)
        raise


async def replay_instead(request: Request, direct: DirectPool) -> None:
    """Raises Replay or KeyReused where the request's key has an answer.

    Nobody asks before the work is done, because hardly anybody asks twice: who is refused does.
    """
    claimed: Claim | None = getattr(request.state, "claim", None)
    if claimed is None:
        return
    found = await direct.fetchrow(_FIND, claimed.caller, [*_forms(claimed)])
    if found is not None:
        key, *row = found
        raise _replay(key, StoredAnswer(*row), claimed, request)
