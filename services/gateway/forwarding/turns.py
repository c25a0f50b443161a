"""A request's turn at a service, and what it tells of how loaded the service is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from services.gateway.forwarding.exchange import Deadline, Outgoing
from services.gateway.upstreams.directory import DEADLINE_SECONDS, Operation
from services.gateway.upstreams.response import Response
from services.gateway.upstreams.upstream import Upstream
from shared.web.gate import Visit


@dataclass
class Turn:
    """A request's time at a service: seconds `left` at its start, and what it says of the load.

    `good` unless it was refused or too late; it `counts` where the answer was the only thing that
    took time, and had as long as the operation gives it: what a client in a hurry does not wait for
    says nothing of the service.
    """

    left: float
    counts: bool
    good: bool = True

    def answered(self, answer: Response, *, whole: bool) -> None:
        """Its head has come, and where it is small the `whole` of it: the client's pace would else
        be taken for the service's."""
        self.good = answer.status != HTTPStatus.SERVICE_UNAVAILABLE
        self.counts &= whole


@asynccontextmanager
async def place(
    upstream: Upstream,
    operation: Operation,
    outgoing: Outgoing,
    deadline: Deadline,
    seconds: float,
    visit: Visit | None = None,
) -> AsyncIterator[Turn]:
    """A place among the requests in flight; `visit` is one that the request has already.

    Raises CircuitOpen or TurnedAway; TimeoutError when the client leaves while waiting.
    """
    loop = asyncio.get_running_loop()
    began = loop.time() if visit is None else visit.asked_at
    if outgoing.rest is None:
        deadline.watch()
    if visit is None:
        async with deadline.limit(seconds):
            visit = await upstream.enter(operation.priority, within=seconds)
    usual = operation.deadline_seconds <= min(DEADLINE_SECONDS, seconds)
    turn = Turn(seconds - (loop.time() - began), usual and outgoing.rest is None)
    try:
        yield turn
    except TimeoutError:
        turn.good, turn.counts = False, turn.counts and not deadline.client_gone
        if not deadline.client_gone:
            upstream.breaker.unanswered(loop.time())
        raise
    finally:
        upstream.gate.leave(visit, loop.time(), good=turn.good, counts=turn.counts)
