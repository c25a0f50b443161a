"""`/healthz` (the process), `/readyz` (database, migrations, bus, ended sign-ins) and `/metrics`.

A bus that was there and is lost does not make a service unready: writes go on, their events wait in
the outbox. A bus that was never reached does.

Where a service has several workers, whichever gets the request asks the others: `/readyz` is ready
if all are that run, and `/metrics` has the figures of each with the label `worker`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from secrets import compare_digest
from types import SimpleNamespace
from typing import Any

import nats.errors
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import clock
from shared.database import lineage, migrate
from shared.database.engine import unguarded
from shared.database.pruning import Pruned
from shared.errors import Forbidden
from shared.messaging.bus import Bus, Subscription
from shared.messaging.outbox import Relay
from shared.messaging.streams import Streams, summary
from shared.observability.metrics import Measure, Metrics, by_worker
from shared.settings import networks
from shared.web.peers import Peers

CHECK_SECONDS = 2
_READY, _FIGURES = b"ready", b"figures"
_READING = ["GET", "HEAD"]
"""Many balancers ask by HEAD."""
_PASSED_ON = {"forwarded", "via", "x-forwarded-for", "x-real-ip"}

log = structlog.get_logger()


def measures(
    metrics: Metrics,
    relay: Relay,
    engine: AsyncEngine,
    bus: Bus,
    streams: Streams,
    subscriptions: Sequence[Subscription[Any]],
    pruned: Sequence[Pruned],
) -> list[Measure]:
    """What every service looks up when it is asked for its figures."""

    async def outbox_and_pool() -> None:
        waiting, oldest = await relay.depth()
        metrics.outbox_waiting.set(waiting)
        metrics.outbox_oldest_seconds.set(oldest)
        pool: Any = engine.pool
        metrics.pool_in_use.set(pool.checkedout())

    async def consumers() -> None:
        for sub in subscriptions if bus.is_up else ():
            found = await bus.js.consumer_info(sub.stream, sub.name)
            waiting = (found.num_pending or 0) + (found.num_ack_pending or 0)
            metrics.consumer_waiting.labels(sub.name).set(waiting)

    async def own_stream() -> None:
        if bus.is_up and await streams.trouble() and streams.fill is not None:
            metrics.stream_days_left.set(streams.fill.days_left)

    async def pruning() -> None:
        async with engine.connect() as connection:
            for each in pruned:
                lag = await each.lag(connection, clock.now())
                metrics.prune_lag_seconds.labels(each.table).set(lag)

    return [outbox_and_pool, consumers, own_stream, pruning]


Checks = Mapping[str, Callable[[], str]]
"""What a service asks besides, by name; each says `ok`, or what it waits for."""
Notes = Mapping[str, Callable[[], Any]]
"""What a service says of others that it can do without, by name: it is ready whatever they say."""


class Health:
    """How a service is: what each worker finds of itself, and all of them together."""

    def __init__(
        self, name: str, metrics: Metrics, more: Checks, peers: Peers, notes: Notes | None = None
    ) -> None:
        self._name, self._metrics, self._more = name, metrics, more
        self._notes = notes or {}
        self.broken: set[str] = set()
        self._migrations = migrate.of_release(name)
        self._peers = peers

    def install(self, app: FastAPI) -> None:
        """Add the three routes, outside the documents."""

        @app.api_route("/healthz", methods=_READING, include_in_schema=False)
        async def healthz() -> dict[str, str]:
            return {"status": "ok", "service": self._name}

        @app.api_route("/readyz", methods=_READING, include_in_schema=False)
        async def readyz(request: Request) -> JSONResponse:
            ready, checks = await self._own(request.state)
            others = {p: each == _READY for p, each in (await self._peers.ask(_READY)).items()}
            if others:  # one that is being started again takes no connections, and is left out
                everyone = {**others, self._peers.place: ready}
                checks["workers"] = {str(place): everyone[place] for place in sorted(everyone)}
            ready = ready and all(others.values())
            notes = {name: note() for name, note in self._notes.items()}
            answer = {"ready": ready, "service": self._name, **checks, **notes}
            return JSONResponse(answer, 200 if ready else 503)

        @app.api_route("/metrics", methods=_READING, include_in_schema=False)
        async def show_metrics(request: Request) -> Response:
            if not _may_measure(request):
                raise Forbidden
            own = await self._figures()
            if others := await self._peers.ask(_FIGURES):
                own = by_worker({self._peers.place: own, **others})
            return Response(own, media_type=CONTENT_TYPE_LATEST)

    async def answer_peers(self, state: Mapping[str, Any]) -> None:
        """Tells the other workers of this one, until cancelled."""
        of_ours = SimpleNamespace(**state)

        async def is_ready() -> bytes:
            return _READY if (await self._own(of_ours))[0] else b""

        await self._peers.answer({_READY: is_ready, _FIGURES: self._figures})

    async def _own(self, state: Any) -> tuple[bool, dict[str, Any]]:
        """Whether this process is ready, and each check; with a `broken` task it is not."""
        broken = self.broken
        checks: dict[str, Any] = {
            "database": await _database(state, self._migrations),
            "bus": await _bus(state),
            "background": "ok" if not broken else f"died: {sorted(broken)}",
            "sign_ins": "ok" if state.refusals.known else "not known yet which ended",
            **{name: check() for name, check in self._more.items()},
        }
        stood = state.bus.was_up and state.streams.were_there
        bus_or_waits = {**checks, "bus": "ok" if stood else checks["bus"]}
        return set(bus_or_waits.values()) == {"ok"}, checks

    async def _figures(self) -> bytes:
        await asyncio.gather(*map(_measured, self._metrics.measures))
        return generate_latest(self._metrics.registry)


def _may_measure(request: Request) -> bool:
    """Whether the request comes from a network that may, and straight from there.

    What a proxy passes on has the proxy's address: its own client is not known for sure here.
    """
    token = request.state.settings.metrics_token
    if token:  # a SecretStr is as long as what it holds
        wanted = f"Bearer {token.get_secret_value()}".encode()
        if not compare_digest(request.headers.get("authorization", "").encode(), wanted):
            return False
    if _PASSED_ON & {name.lower() for name in request.headers}:
        return False
    try:
        peer = ip_address((request.client.host if request.client else "").partition("%")[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in networks(request.state.settings.metrics_from))


async def _database(state: Any, known: migrate.Migrations) -> str:
    """`ok` at this release's migrations or beyond, so that releases can take turns.

    While the next one comes in, and when it goes out again, this one runs on the tables of both.
    """
    try:
        async with asyncio.timeout(CHECK_SECONDS), state.sessions() as session:
            found = await lineage.standing(session, known.head, known.all)
            if found == "ok" and state.settings.is_pooled_outside:
                missing = await unguarded(session)
                return f"the role has no {', '.join(missing)}" if missing else "ok"
            return found
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        return f"down: {type(error).__name__}"


async def _bus(state: Any) -> str:
    """`ok`, or what is wrong with the bus and its streams, and how late events are."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            _, late = await state.relay.depth()
            trouble = await state.streams.trouble() if state.bus.is_up else "down"
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        return f"not known: {type(error).__name__}"
    return summary(trouble, late)


async def _measured(measure: Measure) -> None:
    """What cannot be measured now keeps its last value, and that is reported."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await measure()
    except (SQLAlchemyError, nats.errors.Error, OSError, TimeoutError) as error:
        log.warning("metrics_incomplete", error=type(error).__name__)
