"""A request's turn at a service, and what it tells of how loaded the service is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.gateway.forwarding.exchange import Deadline, Outgoing
from services.gateway.upstreams.directory import DEADLINE_SECONDS, Operation
from services.gateway.upstreams.upstream import Upstream


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


@asynccontextmanager
async def place(
    upstream: Upstream,
    operation: Operation,
    outgoing: Outgoing,
    deadline: Deadline,
    seconds: float,
) -> AsyncIterator[Turn]:
    """A place among the requests in flight.

    Raises CircuitOpen or TurnedAway; TimeoutError when the client leaves while waiting.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    if outgoing.rest is None:
        deadline.watch()
    async with deadline.limit(seconds):
        visit = await upstream.enter(operation.priority, within=seconds)
    usual = operation.deadline_seconds <= min(DEADLINE_SECONDS, seconds)
    turn = Turn(seconds - (loop.time() - began), usual and outgoing.rest is None)
    try:
        yield turn
    except TimeoutError:
        turn.good, turn.counts = False, turn.counts and not deadline.client_gone
        raise
    finally:
        upstream.gate.leave(visit, loop.time(), good=turn.good, counts=turn.counts)
