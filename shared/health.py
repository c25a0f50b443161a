"""`/healthz` (the process), `/readyz` (database, migrations, bus) and `/metrics`.

A bus that was there and is lost does not make a service unready: writes go on, their events wait in
the outbox. A bus that was never reached does.
"""

import asyncio
from typing import Any

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.migrate import config
from shared.outbox import Relay
from shared.telemetry import Metrics

CHECK_SECONDS = 2

log = structlog.get_logger()

_broken: set[str] = set()


def mark_broken(task: str) -> None:
    """A background task died: this process should be replaced."""
    _broken.add(task)


def watch(metrics: Metrics, relay: Relay, engine: AsyncEngine) -> None:
    """Declare the gauges that `/metrics` fills when it is asked."""
    metrics.relay, metrics.engine = relay, engine
    if metrics.outbox_waiting is None:
        metrics.outbox_waiting = Gauge(
            "outbox_waiting", "Events not yet published.", registry=metrics.registry
        )
        metrics.outbox_oldest_seconds = Gauge(
            "outbox_oldest_seconds", "Age of the oldest of them.", registry=metrics.registry
        )
        metrics.pool_in_use = Gauge(
            "pool_in_use", "Database connections at work.", registry=metrics.registry
        )


def install(app: FastAPI, name: str, tables: MetaData, metrics: Metrics) -> None:
    """Add the three routes, outside the documents."""
    head = _head(config(name))

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "service": name}

    @app.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> JSONResponse:
        checks = {
            "database": await _database(request, head),
            "bus": "ok" if request.state.bus.is_up else "down",
            "background": "ok" if not _broken else f"died: {sorted(_broken)}",
        }
        ready = (
            checks["database"] == "ok" and checks["background"] == "ok" and request.state.bus.was_up
        )
        return JSONResponse({"ready": ready, "service": name, **checks}, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def show_metrics() -> Response:
        await _measure(metrics)
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _head(cfg: Config) -> str | None:
    return ScriptDirectory.from_config(cfg).get_current_head()


async def _database(request: Request, head: str | None) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS), request.state.sessions() as session:
            found = (
                await session.execute(text("SELECT version_num FROM alembic_version"))
            ).scalar()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        return f"down: {type(error).__name__}"
    return "ok" if found == head else f"at migration {found}, not {head}"


async def _measure(metrics: Any) -> None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            waiting, oldest = await metrics.relay.depth()
        metrics.outbox_waiting.set(waiting)
        metrics.outbox_oldest_seconds.set(oldest)
        metrics.pool_in_use.set(metrics.engine.pool.checkedout())
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("metrics_incomplete", error=type(error).__name__)
