"""Builds a service: its lifespan, middleware, problems, health, documents and background work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict

import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import audit_log, documents, health, idempotency, inbox, logs, outbox, problems
from shared.admission import Admission
from shared.bus import Bus, Consumer, Subscription
from shared.crypto import Keyring
from shared.db import DirectPool, Sessions, new_engine, new_sessions
from shared.errors import Text
from shared.events import Event
from shared.identity import Verifier, undeclared
from shared.jobs import Job, LongJob, keep_running
from shared.metrics import Metrics
from shared.outbox import Relay
from shared.settings import Settings
from shared.telemetry import RequestTelemetry

PREFIX = "/api/v1"
VERSION = "0.1.0"
JOBS_AT_ONCE = 2

log = structlog.get_logger()

__all__ = ["Job", "LongJob", "State", "build"]


class State(TypedDict):
    """What every request finds in `request.state`."""

    settings: Settings
    sessions: Sessions
    direct: DirectPool
    relay: Relay
    bus: Bus
    keyring: Keyring
    verifier: Verifier


def build(
    settings: Settings,
    *,
    name: str,
    title: Text,
    tables: MetaData,
    routers: Sequence[APIRouter],
    subscriptions: Sequence[Subscription[Any]] = (),
    publishes: Sequence[type[Event]] = (),
    jobs: Sequence[Job | LongJob] = (),
) -> FastAPI:
    """The service's application. Raises RuntimeError for a route without a declared permission."""
    logs.configure(settings.env, name)
    metrics = Metrics()
    app = FastAPI(
        title=f"{title.zh} | {title.en}",
        version=VERSION,
        lifespan=_lifespan(settings, name, metrics, subscriptions, jobs),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        separate_input_output_schemas=True,
    )
    problems.install(app)
    app.add_middleware(
        Admission,
        limit=settings.in_flight_limit,
        wait_seconds=settings.in_flight_wait_seconds,
        body_limit=settings.body_limit_bytes,
    )
    app.add_middleware(RequestTelemetry, metrics=metrics, service=name)
    for router in routers:
        app.include_router(router, prefix=PREFIX)
    if missing := undeclared(documents.routes_of(app)):
        raise RuntimeError(f"no permission declared: {missing}")
    health.install(app, name, tables, metrics)
    documents.install(app, name, publishes, subscriptions)
    return app


def _lifespan(
    settings: Settings,
    name: str,
    metrics: Metrics,
    subscriptions: Sequence[Subscription[Any]],
    jobs: Sequence[Job | LongJob],
) -> Callable[[FastAPI], AbstractAsyncContextManager[State]]:
    """Connections and background work, from start to a clean end. A bad key stops the start."""
    keyring = Keyring(settings.column_keys, settings.index_key)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        engine = new_engine(settings, name)
        sessions = new_sessions(engine)
        bus = Bus(settings.nats_url, name)
        relay = Relay(engine, bus, poll_seconds=settings.outbox_poll_seconds)
        direct = DirectPool(settings, name, relay.wake)
        verifier = Verifier(settings.jwks_url, issuer=settings.issuer, audience=settings.audience)
        work = [asyncio.create_task(bus.connect(), name="bus")]
        if settings.background:
            work += _background(settings, metrics, sessions, bus, relay, subscriptions, jobs)
        for task in work:
            task.add_done_callback(_report_death)
        metrics.measures = health.measures(metrics, relay, engine, bus, subscriptions)
        try:
            yield State(
                settings=settings,
                sessions=sessions,
                direct=direct,
                relay=relay,
                bus=bus,
                keyring=keyring,
                verifier=verifier,
            )
        finally:
            await _wind_down(work, bus, direct, engine)

    return lifespan


def _background(
    settings: Settings,
    metrics: Metrics,
    sessions: Sessions,
    bus: Bus,
    relay: Relay,
    subscriptions: Sequence[Subscription[Any]],
    jobs: Sequence[Job | LongJob],
) -> list[asyncio.Task[None]]:
    """Relay, consumers and jobs as tasks."""
    work = [asyncio.create_task(relay.run(), name="relay")]
    for sub in subscriptions:
        consumer = Consumer(bus, sessions, sub, relay.wake, metrics)
        work.append(asyncio.create_task(consumer.run(), name=sub.name))
    turn = asyncio.Semaphore(JOBS_AT_ONCE)
    for job in [*jobs, *_housekeeping(settings)]:
        keeper = keep_running(sessions, job, relay.wake, turn, metrics)
        work.append(asyncio.create_task(keeper, name=job.name))
    return work


def _housekeeping(settings: Settings) -> list[Job]:
    """What every service does besides. Pruning goes in batches, each well inside its limits."""
    kept = settings.outbox_kept_days
    minute = timedelta(minutes=1)
    return [
        Job("seal-audit-log", timedelta(seconds=5), audit_log.seal),
        Job("tell-audit-head", minute, audit_log.tell_head),
        Job("prune-outbox", minute, partial(outbox.prune, kept_days=kept)),
        Job("prune-inbox", minute, partial(inbox.prune, kept_days=2 * kept)),
        Job("prune-idempotency", minute, idempotency.prune),
    ]


def _report_death(task: asyncio.Task[None]) -> None:
    """A background task that ends by itself with an error is a defect: it is never silent."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("background_task_died", task=task.get_name(), exc_info=error)
        health.mark_broken(task.get_name())


async def _wind_down(
    work: Sequence[asyncio.Task[None]], bus: Bus, direct: DirectPool, engine: AsyncEngine
) -> None:
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await bus.close()
    await direct.close()
    await engine.dispose()
