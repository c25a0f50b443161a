"""Builds a service: its lifespan, middleware, problems, health, documents and background work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypedDict

import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import BaseRoute

from shared.database.engine import DirectPool, Sessions, new_engine, new_readings, new_sessions
from shared.jobs import Job, LongJob, end, keep_running
from shared.messaging.bus import Bus, Consumer
from shared.messaging.outbox import Relay
from shared.messaging.streams import Streams, stream
from shared.observability import logs
from shared.observability.metrics import Metrics
from shared.observability.telemetry import RequestLog, RequestTelemetry, Tracing
from shared.security.crypto import Keyring
from shared.security.identity import Refusals, Verifier
from shared.security.loaded import load
from shared.settings import Settings
from shared.web import admission, documents, health, housekeeping, refusals
from shared.web.application import OutermostMiddleware
from shared.web.blueprint import Blueprint
from shared.web.examples import Live
from shared.web.lean_stack import LeanStack
from shared.web.peers import Peers
from shared.web.room import Room, subscriptions

JOBS_AT_ONCE = 2

log = structlog.get_logger()


class State(TypedDict):
    """What every request finds in `request.state`."""

    settings: Settings
    sessions: Sessions
    readings: Sessions
    direct: DirectPool
    relay: Relay
    bus: Bus
    streams: Streams
    keyring: Keyring
    verifier: Verifier
    refusals: Refusals


Tasks = Mapping[str, Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True)
class Extension:
    """What a service adds of its own: `state` stands in `request.state` beside `State`, `tasks`
    run in the background, by name, until the service ends."""

    state: Mapping[str, Any]
    tasks: Tasks = field(default_factory=dict)


Extended = Callable[[State], AbstractAsyncContextManager[Extension]]
"""A service's own part of the lifespan, from start to end."""


def build(
    settings: Settings,
    blueprint: Blueprint,
    *,
    state: Extended | None = None,
    first_routes: Sequence[BaseRoute] = (),
    outermost: OutermostMiddleware | None = None,
    metrics: Metrics | None = None,
    checks: health.Checks | None = None,
    notes: health.Notes | None = None,
    live: Live | None = None,
) -> FastAPI:
    """The service's application. Raises RuntimeError for a route without a declared permission.

    `first_routes` come before those of the rooms, undocumented. `checks`: what is asked besides
    before it is ready; `notes`: what `/readyz` says of others; `live`: the rows of its examples.
    """
    name, rooms = blueprint.name, blueprint.rooms
    logs.configure(settings.env, name)
    metrics, tracing = metrics or Metrics(), Tracing(name)
    vital = health.Health(name, metrics, checks or {}, Peers.of(settings), notes)
    places = admission.Places(settings)
    log_ = RequestLog(metrics)
    app, directory, _ = blueprint.take()
    lean = partial(LeanStack, directory, service=name, places=places, log=log_, tracing=tracing)
    app.finish(
        _lifespan(settings, name, metrics, tracing, rooms, vital, state),
        outermost=outermost,
        # What it knows was declared before the first routes, which go the standard way.
        shortened=None if settings.standard_stack or outermost or first_routes else lean,
    )
    app.router.routes[:0] = first_routes
    app.add_middleware(admission.Admission, places=places, operations=app)
    app.add_middleware(RequestTelemetry, metrics=metrics, tracing=tracing, service=name)
    if live is not None and settings.env == "local":
        documents.install_examples(app, live)
    vital.install(app)
    return app


def _lifespan(
    settings: Settings,
    name: str,
    metrics: Metrics,
    tracing: Tracing,
    rooms: Sequence[Room],
    vital: health.Health,
    extended: Extended | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, Any]]]:
    """Connections and background work, from start to a clean end. A bad key stops the start."""
    keyring = Keyring(settings.column_keys, settings.index_key)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        tracing.start(settings.otlp_endpoint)
        engine = new_engine(settings, name)
        state = _state(engine, settings, name, rooms, keyring)
        bus, relay = state["bus"], state["relay"]
        work = [
            asyncio.create_task(bus.connect(), name="bus"),
            asyncio.create_task(refusals.watch(bus, state["refusals"]).run(), name="refusals"),
            asyncio.create_task(vital.answer_peers(state), name="peers"),
        ]
        if settings.background:
            work += _background(state, metrics, tracing, rooms)
        died = partial(_report_death, vital.broken)
        for task in work:
            task.add_done_callback(died)
        metrics.measures = health.measures(
            metrics,
            relay,
            engine,
            bus,
            state["streams"],
            subscriptions(rooms),
            housekeeping.pruned(settings),
        )
        try:
            async with _own(extended, state, died) as more:
                yield {**state, **more}
        finally:
            await _wind_down(work, bus, state["direct"], engine)
            await tracing.stop()

    return lifespan


def _state(
    engine: AsyncEngine, settings: Settings, name: str, rooms: Sequence[Room], keyring: Keyring
) -> State:
    """Connections that are made when they are first needed, and what goes with them."""
    bus, refused = Bus(settings.nats_url, name), Refusals()
    relay = Relay(engine, bus, poll_seconds=settings.outbox_poll_seconds)
    direct = DirectPool(settings, name, relay.wake)
    load(direct, keyring)
    own = stream(
        name.upper(), replicas=settings.stream_replicas, max_bytes=settings.stream_max_bytes
    )
    return State(
        settings=settings,
        sessions=new_sessions(engine, direct.memory),
        readings=new_readings(engine, direct.memory),
        direct=direct,
        relay=relay,
        bus=bus,
        streams=Streams(bus, own, subscriptions(rooms)),
        keyring=keyring,
        verifier=_verifier(settings, refused),
        refusals=refused,
    )


def _verifier(settings: Settings, refused: Refusals) -> Verifier:
    return Verifier(
        settings.jwks_url,
        issuer=settings.issuer,
        audience=settings.audience,
        refusals=refused,
    )


@asynccontextmanager
async def _own(
    extended: Extended | None, state: State, died: Callable[[asyncio.Task[None]], None]
) -> AsyncIterator[Mapping[str, Any]]:
    """The service's own state, while its own tasks run."""
    if extended is None:
        yield {}
        return
    async with extended(state) as own:
        tasks = [asyncio.create_task(run(), name=name) for name, run in own.tasks.items()]
        for task in tasks:
            task.add_done_callback(died)
        try:
            yield own.state
        finally:
            await end(tasks)


def _background(
    state: State, metrics: Metrics, tracing: Tracing, rooms: Sequence[Room]
) -> list[asyncio.Task[None]]:
    """Relay, streams, consumers and jobs as tasks."""
    settings, sessions, bus, relay = (
        state["settings"],
        state["sessions"],
        state["bus"],
        state["relay"],
    )
    work = [
        asyncio.create_task(relay.run(), name="relay"),
        asyncio.create_task(state["streams"].run(), name="streams"),
    ]
    for sub in subscriptions(rooms):
        consumer = Consumer(bus, sessions, sub, relay.wake, metrics, tracing)
        work.append(asyncio.create_task(consumer.run(), name=sub.name))
    if settings.worker > 0:
        return work  # of several, one runs the jobs: they would find nothing left to do
    turn = asyncio.Semaphore(JOBS_AT_ONCE)
    jobs = [job for room in rooms for job in room.jobs]
    for made in [*jobs, *housekeeping.jobs(settings)]:
        job = made if isinstance(made, Job | LongJob) else made(settings)
        keeper = keep_running(sessions, job, relay.wake, turn, metrics.job_ran)
        work.append(asyncio.create_task(keeper, name=job.name))
    return work


def _report_death(broken: set[str], task: asyncio.Task[None]) -> None:
    """A background task that ends by itself with an error is a defect: it is never silent."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("background_task_died", task=task.get_name(), exc_info=error)
        broken.add(task.get_name())


async def _wind_down(
    work: Sequence[asyncio.Task[None]], bus: Bus, direct: DirectPool, engine: AsyncEngine
) -> None:
    await end(work)
    await bus.close()
    await direct.close()
    await engine.dispose()
