"""Takes one request through the door to the service that answers it: a bare ASGI application.

Nothing is sent to the client before the whole of a small answer, or the head of a large one, has
come; when a large one then ends early the client's connection is cut, so that a part of an answer
never looks like the whole.
"""

from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from services.gateway.forwarding import bodies, headers
from services.gateway.forwarding.added import added
from services.gateway.forwarding.exchange import ClientGone, Deadline, Outgoing, Underway, ask
from services.gateway.forwarding.failures import Hurried, advice_for, raising_problems
from services.gateway.forwarding.turns import place
from services.gateway.forwarding.validators import Answered, validated
from services.gateway.upstreams.directory import Operation
from services.gateway.upstreams.http1 import BadAnswer, Connection, UpstreamGone
from services.gateway.upstreams.response import Response
from services.gateway.upstreams.upstream import Upstream
from shared.errors import BadRequest, Text
from shared.web.conditions import not_modified
from shared.web.idempotency import may_repeat
from shared.web.patience import seconds_of

STALL_SECONDS = 15.0
"""An upstream that stops in the middle of a large answer is left after this."""
UPLOAD_SECONDS = 60.0
"""How much longer a request may take whose large body is still on its way to us."""


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
        with raising_problems(upstream, advice_for(operation.method, scope["headers"])):
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
        body = await self._body(operation, scope["headers"], receive)
        outgoing = self.outgoing(upstream, operation, target, scope, body)
        return await _exchanged(upstream, operation, outgoing, extra, scope, receive, send)

    async def go_on(self, begun: Underway, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers a request that was sent already; otherwise as when called."""
        perhaps_done = advice_for(begun.operation.method, scope["headers"])
        with raising_problems(begun.upstream, perhaps_done):
            return await _exchanged(
                begun.upstream,
                begun.operation,
                begun.outgoing,
                begun.extra,
                scope,
                receive,
                send,
                begun,
            )

    def outgoing(
        self,
        upstream: Upstream,
        operation: Operation,
        target: bytes,
        scope: Scope,
        body: bodies.Body = bodies.EMPTY,
    ) -> Outgoing:
        """The request as the service gets it. Raises BadRequest."""
        given = scope["headers"]
        peer = (scope.get("client") or (None,))[0]
        try:
            sent = headers.to_upstream(given, from_proxy=self._proxies.holds(peer))
            sent += added(operation, scope)
            sent += body.framing
            head = headers.request_head(operation.method, target, upstream.pool.authority, sent)
        except ValueError:
            raise BadRequest(_LINE_BREAK) from None
        repeatable = may_repeat(operation.method, given)
        return Outgoing(head, body.first, body.rest, repeatable and body.rest is None)

    async def _body(
        self, operation: Operation, given: headers.Headers, receive: Receive
    ) -> bodies.Body:
        limit = operation.body_limit or self._body_limit
        try:
            announced = headers.content_length(given)
        except ValueError:
            raise BadRequest(_LENGTH) from None
        if announced or any(name == b"transfer-encoding" for name, _ in given):
            return await bodies.read(receive, announced, limit=limit)
        return bodies.whole(b"", announced)


async def _exchanged(
    upstream: Upstream,
    operation: Operation,
    outgoing: Outgoing,
    extra: list[tuple[bytes, bytes]],
    scope: Scope,
    receive: Receive,
    send: Send,
    begun: Underway | None = None,
) -> int:
    """One exchange, from its turn at the service to the end of the answer; its status."""
    deadline = Deadline(receive)
    seconds = min(operation.deadline_seconds, seconds_of(scope))
    visit = None if begun is None else begun.visit
    try:
        async with place(upstream, operation, outgoing, deadline, seconds, visit) as turn:
            connection, answer, whole = await _asked(upstream, outgoing, deadline, turn.left, begun)
            turn.answered(answer, whole=whole is not None)
            try:
                if whole is not None:
                    found = answered(operation, scope["headers"], answer, extra)
                    start = {"type": "http.response.start", "status": found.status}
                    await send({**start, "headers": found.headers})
                    await send({"type": "http.response.body", "body": found.body})
                    return found.status
                await _stream(send, answer, extra, deadline)
            finally:
                upstream.pool.give_back(connection)  # which cuts it unless all was read
    except TimeoutError:
        if deadline.client_gone:
            raise ClientGone from None
        if seconds < operation.deadline_seconds:  # they wait no longer: no fault of the service
            raise Hurried from None
        raise
    finally:
        deadline.rest()
    return answer.status


async def _asked(
    upstream: Upstream,
    outgoing: Outgoing,
    deadline: Deadline,
    seconds: float,
    begun: Underway | None,
) -> tuple[Connection, Response, bytes | None]:
    """The answer's head, and its body if that is small, within so many seconds."""
    if outgoing.rest is not None:
        seconds += UPLOAD_SECONDS
    async with deadline.limit(seconds):
        connection, answer = await ask(upstream, outgoing.within(seconds), begun)
        deadline.watch()
        whole = await _whole(connection, answer)
    upstream.breaker.succeeded()
    return connection, answer, whole


async def _whole(connection: Connection, answer: Response) -> bytes | None:
    """The body of a small answer of known length, None for the others."""
    if not answer.is_small:
        return None
    try:
        return await answer.whole()
    finally:
        if not answer.complete:
            connection.abort()


def answered(
    operation: Operation,
    asked: headers.Headers,
    answer: Response,
    extra: list[tuple[bytes, bytes]],
) -> Answered:
    """What the client gets of a small answer that is complete; it may have the content already."""
    passed = headers.to_client(answer.headers) + extra
    found = validated(operation, asked, answer.status, passed, answer.body)
    if found.status == HTTPStatus.NOT_MODIFIED:
        passed = not_modified(passed)
    return Answered(found.status, passed + found.headers, found.body)


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


_LINE_BREAK = Text("请求头含有换行", "A header of the request holds a line break")
_LENGTH = Text("Content-Length 不是数字", "Content-Length is not a number")
