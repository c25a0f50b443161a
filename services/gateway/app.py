"""`python -m shared.web.serve services.gateway.app:create_app`: the one door to all services."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from services.gateway import access, guessing, identities, live, notices, watching
from services.gateway.access import endings, opening
from services.gateway.access import pages as access_pages
from services.gateway.access.opening import Access
from services.gateway.access.passwords import HashingLimit
from services.gateway.access.places import Places
from services.gateway.access.tokens import Issuer, OwnKeysVerifier
from services.gateway.direct.protocol import DirectHttp
from services.gateway.direct.way import DIRECT, DirectWay
from services.gateway.documents.live import LiveExamples
from services.gateway.documents.pages import Pages
from services.gateway.documents.service import Library
from services.gateway.encoding import Compressed
from services.gateway.entrance import Entrance
from services.gateway.forwarding.forward import Forwarding
from services.gateway.forwarding.headers import Proxies
from services.gateway.forwarding.marks import Marks
from services.gateway.forwarding.remembered import Remembered
from services.gateway.limits import rules as limits
from services.gateway.limits.open_streams import OpenStreams
from services.gateway.live import closing
from services.gateway.live import pages as live_pages
from services.gateway.live.feed import Feed
from services.gateway.live.service import Displays
from services.gateway.middleware import GatewayMiddleware
from services.gateway.notices.asking import Asking
from services.gateway.notices.channels import carriers
from services.gateway.notices.delivering import Dispatcher
from services.gateway.origins import OtherOrigins, origins
from services.gateway.problem_pages import ProblemPages
from services.gateway.settings import GatewaySettings
from services.gateway.upstreams.kept import Kept
from services.gateway.upstreams.registry import Registry
from shared.errors import Text
from shared.messaging import asyncapi
from shared.messaging.streams import Streams, dead_letters
from shared.observability.metrics import Metrics
from shared.web import app, glossary
from shared.web.blueprint import Blueprint
from shared.web.room import publishes, subscriptions

TITLE = Text("登录与账号", "Sign-in and accounts")

http_protocol = DirectHttp
"""What serves the application; see `shared/web/serve.py`."""

ROOMS = (access.room, guessing.room, identities.room, live.room, notices.room)

blueprint = Blueprint("gateway", TITLE, ROOMS)


def create_app(settings: GatewaySettings | None = None) -> FastAPI:
    """The service's application."""
    settings = settings or GatewaySettings()
    metrics, proxies = Metrics(), Proxies(settings.proxies)

    def own(kind: str) -> Mapping[str, Any]:
        """The gateway's own documents, asked for once it is built."""
        if kind == "openapi":
            return built.openapi()
        return asyncapi.document(
            built.title,
            built.version,
            publishes=publishes(ROOMS),
            subscribes=subscriptions(ROOMS),
            words=glossary.of("gateway"),
        )

    registry = Registry(
        settings.upstreams,
        own=lambda: own("openapi"),
        in_flight_limit=settings.share(settings.upstream_in_flight),
        kept=Kept(settings.documents_dir),
    )
    allowed_origins = origins(settings.cors_origins)
    forwarding = Forwarding(body_limit=settings.body_limit_bytes, proxies=proxies)
    remembered = Remembered(registry, forwarding, Marks(settings.workers_dir))
    entrance = Entrance(
        registry=registry,
        proxies=proxies,
        rates=limits.rates(settings.rates_times / settings.workers),
        metrics=metrics,
    )

    def first_of_all(behind: ASGIApp, streams: ASGIApp) -> ASGIApp:
        """Before the framework's own middleware, which a forwarded request has no need of."""
        door = GatewayMiddleware(
            behind,
            entrance=entrance,
            forwarding=forwarding,
            remembered=remembered,
            streams=streams,
            open_streams=OpenStreams(
                settings.share(min(settings.live_clients_each, settings.live_clients))
            ),
        )
        return OtherOrigins(Compressed(ProblemPages(door)), allowed_origins)

    host = settings.public_nats_host
    shown = LiveExamples(registry) if settings.env == "local" else None
    library = Library(registry, own, nats_host=host)
    pages = Pages(library, registry, nats_host=host, live=shown)
    built = app.build(
        settings,
        blueprint,
        state=_state(settings, entrance, forwarding, remembered, metrics),
        first_routes=[*pages.routes(), *live_pages.routes(), *access_pages.routes()],
        outermost=first_of_all,
        metrics=metrics,
        checks={"documents": lambda: registry.readiness},
        notes={"services": lambda: registry.states},
    )
    return built


def _dead_letters(settings: GatewaySettings, state: app.State) -> Streams:
    """Where what no subscription could handle is kept."""
    size = {"replicas": settings.stream_replicas, "max_bytes": settings.stream_max_bytes}
    return Streams(state["bus"], dead_letters(**size), ())


def _notices(
    settings: GatewaySettings, state: app.State, registry: Registry, issuer: Issuer
) -> app.Tasks:
    """What delivers notices: of several processes one does, as with jobs."""
    asking = Asking(registry.upstreams, issuer)
    named = state["sessions"], state["keyring"], asking.ask, carriers(settings)
    is_ours = settings.background and settings.worker == 0
    return {"notices": Dispatcher(*named).run} if is_ours else {}


def _state(
    settings: GatewaySettings,
    entrance: Entrance,
    forwarding: Forwarding,
    remembered: Remembered,
    metrics: Metrics,
) -> app.Extended:
    """Keys, upstreams and live streams, from start to end."""
    registry = entrance.registry

    @asynccontextmanager
    async def lifespan(state: app.State) -> AsyncIterator[app.Extension]:
        keys = opening.prepare_keys(settings.keys_dir, settings.env)
        if settings.env == "production":
            opening.refuse_weak_secrets(
                settings.column_keys, settings.index_key, settings.database_url
            )
        named = {"issuer": settings.issuer, "audience": settings.audience}
        feed = Feed(
            Displays(registry, remembered).show, viewers_limit=settings.share(settings.live_clients)
        )
        metrics.measures += watching.measures(metrics, state["bus"], feed, registry)
        await opening.settle_accounts(state["sessions"], settings.env, settings.demo_accounts_file)
        registry.start()
        closing.on_stop(feed.close)
        verifier = OwnKeysVerifier(keys, **named, refusals=state["refusals"])
        issuer = Issuer(keys, **named)
        own = {
            "verifier": verifier,
            "access": Access(keys, issuer, HashingLimit(), Places(registry)),
            "live": feed,
        }
        if settings.forward_directly:
            own[DIRECT] = DirectWay(
                entrance, forwarding, remembered, origins(settings.cors_origins), verifier
            )
        tasks: app.Tasks = {
            "upstreams": registry.run,
            "live": partial(feed.run, state["bus"]),
            "dead-letters": _dead_letters(settings, state).run,
            "keys": partial(opening.reread_keys, keys),
            "ended-sign-ins": partial(endings.keep_known, state["direct"], state["refusals"]),
            **_notices(settings, state, registry, issuer),
        }
        try:
            yield app.Extension(own, tasks)
        finally:
            feed.close()
            registry.close()

    return lifespan
