"""`python -m shared.serve services.gateway.app:create_app`: the one door to all services."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from services.gateway import watching
from services.gateway.access import opening, service
from services.gateway.access import pages as access_pages
from services.gateway.access.opening import Access
from services.gateway.access.passwords import Desk
from services.gateway.access.routes import accounts, tokens
from services.gateway.access.tokens import Issuer, OwnKeysVerifier
from services.gateway.documents.pages import Pages
from services.gateway.documents.service import Library
from services.gateway.door import Door
from services.gateway.forwarding.forward import Forwarding
from services.gateway.forwarding.headers import Proxies
from services.gateway.limits import rules as limits
from services.gateway.live import closing
from services.gateway.live import pages as live_pages
from services.gateway.live.feed import Feed
from services.gateway.live.routes import router as live
from services.gateway.live.service import Displays
from services.gateway.settings import GatewaySettings
from services.gateway.tables import Table
from services.gateway.upstreams.registry import Registry
from shared import app, asyncapi
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event
from shared.metrics import Metrics

TITLE = Text("登录与账号", "Sign-in and accounts")

ROUTERS: list[APIRouter] = [tokens, accounts, live]
SUBSCRIPTIONS: list[Subscription[Any]] = []
PUBLISHES: list[type[Event]] = []
JOBS: list[Job] = [Job("prune-sign-ins", timedelta(hours=1), service.prune)]


def create_app(settings: GatewaySettings | None = None) -> FastAPI:
    settings = settings or GatewaySettings()
    built = app.build(
        settings,
        name="gateway",
        title=TITLE,
        tables=Table.metadata,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        publishes=PUBLISHES,
        jobs=JOBS,
    )
    own = _own_documents(built)
    registry = Registry(
        settings.upstreams,
        own=lambda: own("openapi"),
        in_flight_limit=settings.upstream_in_flight,
    )
    host = settings.public_nats_host
    pages = Pages(Library(registry, own, nats_host=host), registry, nats_host=host)
    shown = [*pages.routes(), *live_pages.routes(), *access_pages.routes()]
    built.router.routes[:0] = shown
    metrics = _metrics(built)
    inner = built.router.lifespan_context
    built.router.lifespan_context = _lifespan(settings, registry, metrics, inner)
    proxies = Proxies(settings.proxies)
    # Before the framework's own middleware, which a forwarded request has no need of.
    built.middleware_stack = Door(
        built.build_middleware_stack(),
        registry=registry,
        forwarding=Forwarding(body_limit=settings.body_limit_bytes, proxies=proxies),
        proxies=proxies,
        rates=limits.rates(settings.rates_times),
        streams=_streams(built),
        metrics=metrics,
    )
    return built


def _own_documents(built: FastAPI) -> Callable[[str], Mapping[str, Any]]:
    events = asyncapi.document(built.title, built.version, publishes=PUBLISHES)

    def own(kind: str) -> Mapping[str, Any]:
        return built.openapi() if kind == "openapi" else events

    return own


def _metrics(built: FastAPI) -> Metrics:
    """Where the service counts its requests: the forwarded ones belong there too."""
    found = (m.kwargs.get("metrics") for m in built.user_middleware)
    return next(m for m in found if isinstance(m, Metrics))


def _streams(built: FastAPI) -> ASGIApp:
    """The application's routes without the limits that are meant for answers that end."""
    routes: ASGIApp = AsyncExitStackMiddleware(built.router)
    return ExceptionMiddleware(routes, handlers=built.exception_handlers)


def _lifespan(settings: GatewaySettings, registry: Registry, metrics: Metrics, inner: Any) -> Any:
    """The service's own lifespan, with keys, upstreams and live streams inside it."""

    @asynccontextmanager
    async def lifespan(built: FastAPI) -> AsyncIterator[dict[str, Any]]:
        keys = opening.prepare_keys(settings.keys_dir, settings.env)
        if settings.env == "production":
            opening.refuse_weak_secrets(
                settings.column_keys, settings.index_key, settings.database_url
            )
        named = {"issuer": settings.issuer, "audience": settings.audience}
        feed = Feed(Displays(registry).show, viewers_limit=settings.live_clients)
        async with inner(built) as state:
            metrics.measures += watching.measures(metrics, state["bus"], feed)
            demo_file = settings.demo_accounts_file
            await opening.settle_accounts(state["sessions"], settings.env, demo_file)
            registry.start()
            work = [
                asyncio.create_task(registry.run(), name="upstreams"),
                asyncio.create_task(feed.run(state["bus"]), name="live"),
                asyncio.create_task(opening.reread_keys(keys), name="keys"),
            ]
            closing.on_stop(feed.close)
            try:
                yield {
                    **state,
                    "verifier": OwnKeysVerifier(keys, **named),
                    "access": Access(keys, Issuer(keys, **named), Desk()),
                    "live": feed,
                }
            finally:
                feed.close()
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
                registry.close()

    return lifespan
