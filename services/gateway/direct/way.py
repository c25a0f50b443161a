"""What a request is looked at for and gets on its way to a service and back, without waiting.

Each step is the one that the middleware takes; a request that one of them does not let pass takes
the middleware's way, and is refused there.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Scope

from services.gateway import encoding, origins
from services.gateway.entrance import Entrance, Refused, bearer, request_id, target
from services.gateway.forwarding import bodies, headers
from services.gateway.forwarding.exchange import Underway
from services.gateway.forwarding.forward import Forwarding, answered
from services.gateway.forwarding.remembered import Remembered
from services.gateway.forwarding.validators import Answered
from services.gateway.upstreams.directory import DEADLINE_SECONDS, Operation
from shared.errors import Problem
from shared.security.identity import Verifier
from shared.web import security_headers
from shared.web.idempotency import SAFE

DIRECT = "direct_way"
"""Where the server's protocol finds the way in the application's state."""
NEEDS_MORE = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"x-deadline-seconds"))
"""Headers of a request whose body has no length, or that wants to be waited for otherwise than
usual."""


@dataclass(frozen=True)
class DirectWay:
    """The way of one application."""

    entrance: Entrance
    forwarding: Forwarding
    remembered: Remembered
    allowed_origins: Collection[str]
    verifier: Verifier

    def begin(
        self, scope: Scope, body: bytes, entered: float, listener: Callable[[], None]
    ) -> Underway | None:
        """The request, sent to its service; None, and nothing done, where that cannot be at once.

        `body` is the whole of its body. `listener` is called as the answer comes. `entered` as in
        `Underway`.
        """
        scope["state"]["request_id"] = request_id(scope["headers"])
        try:
            network = self.entrance.check(scope)
            operation = self.entrance.operation(scope)
            if operation.service == "gateway":
                return None
            caller = network
            if (token := bearer(scope["headers"])) is not None:
                if (known := self.verifier.known(token)) is None:
                    return None
                caller = f"sub:{known.sub}"
            if self.remembered.serves(operation, None if token is None else caller):
                return None
            subject = None if token is None else caller
            return self._sent(scope, body, operation, caller, subject, entered, listener)
        except (Problem, Refused):
            return None

    def _sent(
        self,
        scope: Scope,
        body: bytes,
        operation: Operation,
        caller: str,
        subject: str | None,
        entered: float,
        listener: Callable[[], None],
    ) -> Underway | None:
        if operation.body_limit is not None and len(body) > operation.body_limit:
            return None
        upstream = self.entrance.registry.upstreams[operation.service]
        whole = bodies.whole(body, headers.content_length(scope["headers"]))
        outgoing = self.forwarding.outgoing(upstream, operation, target(scope), scope, whole)
        if not upstream.answers_at_once(operation.priority):
            return None
        extra = self.entrance.count(caller, operation)
        extra.append((b"x-request-id", scope["state"]["request_id"].encode()))
        connection = upstream.pool.kept()
        assert connection is not None
        visit = upstream.gate.ask(operation.priority, asyncio.get_running_loop().time())
        sent = outgoing.within(operation.deadline_seconds)
        changed_by = None if operation.method in SAFE else subject
        self.remembered.changed(changed_by)
        answer = connection.ask(sent.head + sent.body, listener)
        return Underway(
            upstream,
            operation,
            outgoing,
            visit,
            connection,
            answer,
            extra,
            entered,
            changed_by,
        )

    def answer(self, begun: Underway, scope: Scope) -> Answered | None:
        """What the client gets of the answer, once that is small and complete.

        None where making it ready takes too long to be done here.
        """
        found = answered(begun.operation, scope["headers"], begun.answer, begun.extra)
        passed, body = found.headers, found.body
        if scope["method"] in SAFE:
            whole = encoding.whole(found.status, passed, body, encoding.wanted(scope["headers"]))
            if whole is None:
                return None
            passed, body = whole
        if more := origins.granted(self.allowed_origins, scope):
            passed = origins.joined(passed, more)
        return Answered(found.status, security_headers.completed(passed), body)

    def end(self, begun: Underway, status: int, *, counts: bool) -> None:
        """Gives the place and the connection back; it `counts` where the service answered it."""
        good = begun.answer.status != HTTPStatus.SERVICE_UNAVAILABLE
        counts &= begun.operation.deadline_seconds <= DEADLINE_SECONDS
        now = asyncio.get_running_loop().time()
        begun.upstream.gate.leave(begun.visit, now, good=good, counts=counts)
        begun.upstream.pool.give_back(begun.connection)  # which cuts it unless all was read
        self.remembered.changed(begun.changed_by)
        self.entrance.measure(begun.operation, status, time.perf_counter() - begun.entered)
