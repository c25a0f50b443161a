"""The documents and the pages that show them; plain routes, outside of the API itself."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.gateway import html
from services.gateway.documents import snippets, words
from services.gateway.documents.live import LiveExamples
from services.gateway.documents.service import Library
from services.gateway.language import say
from services.gateway.upstreams.registry import Registry
from shared.security.identity import ROLES
from shared.web.conditions import unless_known


class Pages:
    """Routes over one library."""

    def __init__(
        self, library: Library, registry: Registry, *, nats_host: str, live: LiveExamples | None
    ) -> None:
        """`live`: only in a local system."""
        self._library, self._registry, self._nats_host = library, registry, nats_host
        self._live = live

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/", self.front),
            Route("/docs", self.docs),
            Route("/events", self.events),
            Route("/problems", self.problems),
            Route("/problems/{kind}", self.problems),
            Route("/openapi.json", self.openapi),
            Route("/asyncapi.json", self.asyncapi),
            Route("/assets/{name}", html.show_asset),
        ]

    async def front(self, request: Request) -> Response:
        language = html.page_language(request)
        return html.page(
            request,
            "front.html",
            operations=self._library.operations(),
            events=len(self._library.events(language)),
            problems=len(self._library.problems(language)),
            services=[
                (u.name, bool(u.documents) and not u.breaker.is_open)
                for u in self._registry.upstreams.values()
            ],
        )

    async def docs(self, request: Request) -> Response:
        language = html.page_language(request)
        return html.page(
            request,
            "docs.html",
            policy=html.DOCS_POLICY,
            audiences=self._library.index(language),
            names={tag: say(name, language) for tag, name in words.AUDIENCES.items()},
            roles={role: name.say(language) for role, name in ROLES.items()},
        )

    async def events(self, request: Request) -> Response:
        language = html.page_language(request)
        return html.page(
            request,
            "events.html",
            events=self._library.events(language),
            about=say(words.ASYNCAPI_INFO["description"], language).replace("`", ""),
            base=str(request.base_url).rstrip("/"),
            python=snippets.PYTHON.format(host=self._nats_host),
            javascript=snippets.JAVASCRIPT.format(host=self._nats_host),
        )

    async def problems(self, request: Request) -> Response:
        language = html.page_language(request)
        problems = self._library.problems(language)
        example = snippets.PROBLEM.say(language)
        page = html.page(request, "problems.html", problems=problems, example=example)
        kind = request.path_params.get("kind")
        if kind is not None and f"/problems/{kind}" not in problems:
            page.status_code = HTTPStatus.NOT_FOUND
        return page

    async def openapi(self, request: Request) -> Response:
        content = self._library.openapi(html.page_language(request))
        if self._live is not None:
            content = await self._live.put_into(content, request)
        return _document(request, content)

    async def asyncapi(self, request: Request) -> Response:
        return _document(request, self._library.asyncapi(html.page_language(request)))


def _document(request: Request, content: bytes) -> Response:
    """The document, or 304 when the client has it already."""
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'  # weak: it may be sent compressed
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Language": html.page_language(request),
        "Access-Control-Allow-Origin": "*",
    }
    whole = Response(content, media_type="application/json", headers=headers)
    return unless_known(whole, request.headers.get("if-none-match"))
