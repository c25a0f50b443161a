"""One service behind the gateway: its connections, health, and how much it may have in flight.

How much that is follows from how long its answers take: here, before anything is sent, a refusal
costs a fraction of what it costs the service.
"""

import asyncio
from dataclasses import dataclass, field

from services.gateway.upstreams.breaker import Breaker
from services.gateway.upstreams.http1 import BadAnswer, Connection, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect, Pool
from services.gateway.upstreams.response import Response
from shared.web.gate import Gate, Limit, Priority, TurnedAway, Visit, entered
from shared.web.patience import DEADLINE_HEADER

DOCUMENT_LIMIT = 8 * 1024 * 1024
LEAST_IN_FLIGHT = 8
FIRST_IN_FLIGHT = 24


class CircuitOpen(Exception):
    """The upstream failed several times in a row and is left alone for a moment."""


@dataclass
class Upstream:
    """What the gateway knows of one service."""

    name: str
    base: str
    in_flight_limit: int = 256
    breaker: Breaker = field(default_factory=Breaker)
    documents: dict[str, bytes] = field(default_factory=dict)
    """By kind, as JSON: as objects they are ten times as large, and hardly ever asked for."""
    pool: Pool = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(self.base)
        most = self.in_flight_limit
        least, first = min(LEAST_IN_FLIGHT, most), min(FIRST_IN_FLIGHT, most)
        self.gate = Gate(Limit(least=least, most=most, first=first))

    def refuse_if_full(self, priority: Priority) -> None:
        """Raises TurnedAway where `enter` would at once: before anything is done for a request."""
        now = asyncio.get_running_loop().time()
        if self.gate.is_full(priority, now):
            raise TurnedAway(self.gate.retry_after(priority, now))

    async def enter(self, priority: Priority, *, within: float) -> Visit:
        """A place among the requests in flight; `gate.leave` gives it back.

        Raises CircuitOpen at once, and TurnedAway at once or after a moment.
        """
        if not self.breaker.allows(asyncio.get_running_loop().time()):
            raise CircuitOpen(self.name)
        return await entered(self.gate, priority, within=within)

    def answers_at_once(self, priority: Priority) -> bool:
        """Whether it may be asked this moment, over a connection that is kept."""
        if self.breaker.is_open or not self.gate.is_free(priority):
            return False
        has_kept = self.pool.has_kept
        if not has_kept and self.gate.at_work:  # they come faster than connections are given back
            self.pool.make_another()
        return has_kept

    async def connection(self, *, kept: bool = True) -> Connection:
        """A connection, a kept one if wanted and at hand. Raises CannotConnect."""
        found = self.pool.kept() if kept else None
        if found is not None:
            return found
        try:
            return await self.pool.fresh()
        except CannotConnect:
            self._failed()
            raise

    async def get(self, target: str, *, seconds: float, headers: bytes = b"") -> tuple[int, bytes]:
        """Status and body of a small GET of our own, which says how long it waits.

        Raises CannotConnect, UpstreamGone, BadAnswer or TimeoutError.
        """
        async with asyncio.timeout(seconds):
            connection = await self.pool.fresh()
            try:
                head = b"GET %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n%b: %.3f\r\n%s\r\n"
                where = (target.encode(), self.pool.authority)
                answer = connection.ask(head % (*where, DEADLINE_HEADER, seconds, headers))
                await answer.head()
                return answer.status, await _bounded(answer)
            finally:
                connection.abort()

    async def check_health(self) -> bool:
        """Asks /healthz and records the result in the breaker; True when the service answers."""
        try:
            status, _ = await self.get("/healthz", seconds=0.8)
        except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError):
            status = 0
        if status != 200:
            self._failed()
            return False
        self.breaker.succeeded()
        return True

    def _failed(self) -> None:
        self.breaker.failed(asyncio.get_running_loop().time())
        if self.breaker.is_open:
            self.gate.limit.begin_again()


async def _bounded(answer: Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in answer.chunks():
        size += len(chunk)
        if size > DOCUMENT_LIMIT:
            raise BadAnswer("the answer is too large")
        parts.append(chunk)
    return b"".join(parts)
