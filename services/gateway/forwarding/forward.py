"""Takes one request through the door to the service that answers it: a bare ASGI application.

Nothing is sent to the client before the whole of a small answer, or the head of a large one, has
come; when a large one then ends early the client's connection is cut, so that a part of an answer
never looks like the whole.
"""

import hashlib
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import structlog
from starlette.types import Receive, Scope, Send

from services.gateway.forwarding import bodies, headers
from services.gateway.forwarding.exchange import ClientGone, Deadline, Outgoing, ask
from services.gateway.forwarding.turns import place
from services.gateway.forwarding.validators import validated
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.http1 import (
    READ_AHEAD,
    BadAnswer,
    Connection,
    Response,
    UpstreamGone,
)
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.upstream import CircuitOpen, Upstream
from shared import clock
from shared.errors import BadRequest, Problem, Text, Unavailable
from shared.web import networks
from shared.web.gate import Priority, TurnedAway
from shared.web.idempotency import NETWORK_HEADER, may_repeat
from shared.web.patience import PRIORITY_HEADER, seconds_of

STALL_SECONDS = 15.0
"""An upstream that stops in the middle of a large answer is left after this."""
UPLOAD_SECONDS = 60.0
"""How much longer a request may take whose large body is still on its way to us."""
_NAMES = {priority: priority.name.lower().encode() for priority in Priority}
_TRACEPARENT = re.compile(rb"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")

log = structlog.get_logger()

_PERHAPS_DONE = Text(
    "可能已经办成：请先查看，没有办成再提交",
    "It may have been done: please look first, and send it again only where it was not",
)
_SAME_AGAIN = Text(
    "可能已经办成：请原样再提交一次，不会重复办理",
    "It may have been done: send the same again, nothing is done twice",
)


class BadGateway(Problem):
    status, type = HTTPStatus.BAD_GATEWAY, "/problems/bad-gateway"
    title = Text("后台服务没有正常响应，请稍后再试", "The service behind did not answer properly")
    advice = _PERHAPS_DONE


class GatewayTimeout(Problem):
    status, type = HTTPStatus.GATEWAY_TIMEOUT, "/problems/gateway-timeout"
    title = Text("后台服务没有及时响应，请稍后再试", "The service behind did not answer in time")
    advice = _PERHAPS_DONE


class _Hurried(Exception):
    """The client waits no longer, though the operation may take longer."""


class CutShort(Exception):
    """The answer broke off after its beginning was sent: the client's connection must be cut."""


class Forwarding:
    """Forwards requests; `body_limit` in bytes, for operations that name none of their own,
    `proxies` are those in front of the gateway."""

    def __init__(self, *, body_limit: int, proxies: headers.Proxies) -> None:
        self._body_limit, self._proxies = body_limit, proxies

    async def __call__(
        self,
        upstream: Upstream,
        operation: Operation,
        target: bytes,
        extra: list[tuple[bytes, bytes]],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> int:
        """Answers the request from `upstream`; `extra` headers go with the answer.

        Returns the status. Raises a Problem when there is nothing to pass on, ClientGone, or
        CutShort.
        """
        again = may_repeat(operation.method, scope["headers"])
        with raising_problems(upstream, _SAME_AGAIN if again else _PERHAPS_DONE):
            return await self._forwarded(upstream, operation, target, extra, scope, receive, send)

    async def _forwarded(
        self,
        upstream: Upstream,
        operation: Operation,
        target: bytes,
        extra: list[tuple[bytes, bytes]],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> int:
        upstream.refuse_if_full(operation.priority)
        outgoing = await self._outgoing(upstream, operation, target, scope, receive)
        deadline = Deadline(receive)
        seconds = min(operation.deadline_seconds, seconds_of(scope))
        try:
            async with place(upstream, operation, outgoing, deadline, seconds) as turn:
                connection, answer, whole = await _asked(upstream, outgoing, deadline, turn.left)
                turn.good = answer.status != HTTPStatus.SERVICE_UNAVAILABLE
                turn.counts &= whole is not None  # else the client's pace would be taken for its
                try:
                    if whole is not None:
                        asked = scope["headers"]
                        return await _answer(send, operation, asked, answer, whole, extra)
                    await _stream(send, answer, extra, deadline)
                finally:
                    upstream.pool.give_back(connection)  # which cuts it unless all was read
        except TimeoutError:
            if deadline.client_gone:
                raise ClientGone from None
            if seconds < operation.deadline_seconds:  # they wait no longer: no fault of the service
                raise _Hurried from None
            raise
        finally:
            deadline.rest()
        return answer.status

    async def _outgoing(
        self,
        upstream: Upstream,
        operation: Operation,
        target: bytes,
        scope: Scope,
        receive: Receive,
    ) -> Outgoing:
        given = scope["headers"]
        limit = operation.body_limit or self._body_limit
        body = await self._body(given, receive, limit)
        try:
            sent = self._sent(operation, scope, body)
            sent.append(priority_header(operation.priority))
            head = headers.request_head(operation.method, target, upstream.pool.authority, sent)
        except ValueError:
            raise BadRequest(_LINE_BREAK) from None
        repeatable = may_repeat(operation.method, given)
        return Outgoing(head, body.first, body.rest, repeatable and body.rest is None)

    async def _body(self, given: headers.Headers, receive: Receive, limit: int) -> bodies.Body:
        try:
            announced = headers.content_length(given)
        except ValueError:
            raise BadRequest(_LENGTH) from None
        if announced or any(name == b"transfer-encoding" for name, _ in given):
            return await bodies.read(receive, announced, limit=limit)
        return bodies.EMPTY if announced is None else bodies.ZERO

    def _sent(
        self, operation: Operation, scope: Scope, body: bodies.Body
    ) -> list[tuple[bytes, bytes]]:
        given, peer = scope["headers"], (scope.get("client") or (None,))[0]
        sent = headers.to_upstream(given, from_proxy=self._proxies.holds(peer))
        sent.append((b"x-request-id", scope["state"]["request_id"].encode()))
        sent.append((b"traceparent", traceparent(given)))
        network = scope["state"]["network"]
        sent.extend(network_of_key(given, network))
        if operation.asks_network:
            sent.extend(networks.of_the_day(network, scope["state"]["keyring"], clock.now()))
        return sent + body.framing


def priority_header(priority: Priority) -> tuple[bytes, bytes]:
    """By which whoever answers knows how soon."""
    return PRIORITY_HEADER, _NAMES[priority]


def network_of_key(given: headers.Headers, network: str) -> list[tuple[bytes, bytes]]:
    """What tells a key's senders apart who have no account, without telling their addresses."""
    key = next((value for name, value in given if name == b"idempotency-key"), None)
    if key is None:
        return []
    digest = hashlib.sha256(key + b"\0" + network.encode()).hexdigest()
    return [(NETWORK_HEADER.encode(), digest.encode())]


def traceparent(given: headers.Headers) -> bytes:
    """The caller's W3C trace context if it is well-formed, else the beginning of a new trace."""
    for name, value in given:
        if name == b"traceparent" and _TRACEPARENT.match(value):
            return value
    bits = random.getrandbits(192) | (1 << 191) | 1
    return b"00-%032x-%016x-01" % (bits >> 64, bits & 0xFFFFFFFFFFFFFFFF)


async def _asked(
    upstream: Upstream, outgoing: Outgoing, deadline: Deadline, seconds: float
) -> tuple[Connection, Response, bytes | None]:
    """The answer's head, and its body if that is small, within so many seconds."""
    if outgoing.rest is not None:
        seconds += UPLOAD_SECONDS
    async with deadline.limit(seconds):
        connection, answer = await ask(upstream, outgoing.within(seconds))
        deadline.watch()
        whole = await _whole(connection, answer)
    upstream.breaker.succeeded()
    return connection, answer, whole


async def _whole(connection: Connection, answer: Response) -> bytes | None:
    """The body of a small answer of known length, None for the others."""
    if answer.length is None or answer.length > READ_AHEAD:
        return None
    try:
        return await answer.whole()
    finally:
        if not answer.complete:
            connection.abort()


async def _answer(
    send: Send,
    operation: Operation,
    asked: headers.Headers,
    answer: Response,
    whole: bytes,
    extra: list[tuple[bytes, bytes]],
) -> int:
    """Sends a small answer, of which the client may have the content already; its status."""
    passed = headers.to_client(answer.headers) + extra
    found = validated(operation, asked, answer.status, passed, whole)
    if found.status == HTTPStatus.NOT_MODIFIED:
        passed = [each for each in passed if each[0] != b"content-length"]
    passed += found.headers
    await send({"type": "http.response.start", "status": found.status, "headers": passed})
    await send({"type": "http.response.body", "body": found.body})
    return found.status


async def _stream(
    send: Send, answer: Response, extra: list[tuple[bytes, bytes]], deadline: Deadline
) -> None:
    passed = headers.to_client(answer.headers) + extra
    await send({"type": "http.response.start", "status": answer.status, "headers": passed})
    pieces = answer.chunks()
    try:
        while True:
            async with deadline.limit(STALL_SECONDS):
                piece = await anext(pieces, None)
            if piece is None:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except (UpstreamGone, BadAnswer, TimeoutError) as error:
        if deadline.client_gone:
            raise ClientGone from None
        raise CutShort(type(error).__name__) from error
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def raising_problems(upstream: Upstream, perhaps_done: Text) -> Iterator[None]:
    """Turns what may go wrong with an upstream into the problem that the client is answered.

    `perhaps_done` is what to do where nobody knows whether the service did it.
    """
    try:
        yield
    except TurnedAway as away:
        raise Unavailable(retry_after=away.retry_after) from None
    except CircuitOpen:
        raise Unavailable(retry_after=2) from None
    except CannotConnect as error:
        log.warning("upstream_unreachable", to=upstream.name, error=str(error))
        raise Unavailable(retry_after=2) from None
    except _Hurried:
        raise GatewayTimeout(perhaps_done, retry_after=2) from None
    except TimeoutError:
        log.warning("upstream_timed_out", to=upstream.name)
        raise GatewayTimeout(perhaps_done, retry_after=2) from None
    except UpstreamGone as error:  # it was stopped or killed, and is started again
        log.warning("upstream_gone", to=upstream.name, error=str(error))
        raise Unavailable(perhaps_done, retry_after=2) from None
    except BadAnswer as error:
        log.warning("upstream_failed", to=upstream.name, error=str(error))
        raise BadGateway(perhaps_done, retry_after=1) from None


_LINE_BREAK = Text("请求头含有换行", "A header of the request holds a line break")
_LENGTH = Text("Content-Length 不是数字", "Content-Length is not a number")
