"""FastAPI's application, and the ways around its own middleware."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.security_headers import SecurityHeaders

OutermostMiddleware = Callable[[ASGIApp, ASGIApp], ASGIApp]
"""Makes the middleware that sees every request first. It gets the application, and the bare router:
long streams go straight to the router, past the limits on how long an answer may take."""


Shortened = Callable[[FastAPI, ASGIApp], ASGIApp]
"""Makes the way past the standard stack, which it gets for all that it does not know."""


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, Any]]]


class Application(FastAPI):
    """FastAPI whose own middleware may stand behind another, or be passed by.

    It serves once it is finished: its operations stand before anybody knows the settings.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            docs_url=None,
            redoc_url=None,
            openapi_url=None,  # `documents` serves it
            separate_input_output_schemas=True,
            lifespan=self._live,
            **options,
        )
        self._lifespan: Lifespan | None = None
        self._outermost: OutermostMiddleware | None = None
        self._shortened: Shortened | None = None
        self._short_way: ASGIApp | None = None

    def finish(
        self,
        lifespan: Lifespan,
        *,
        outermost: OutermostMiddleware | None,
        shortened: Shortened | None,
    ) -> None:
        """What depends on settings."""
        self._lifespan, self._outermost, self._shortened = lifespan, outermost, shortened

    @asynccontextmanager
    async def _live(self, _: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        assert self._lifespan is not None
        async with self._lifespan(self) as state:
            yield state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Past what FastAPI asks about telemetry, for each request, before its middleware."""
        if self._shortened is None or scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if self._short_way is None:
            self._short_way = self._shortened(self, super().__call__)
        await self._short_way(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        if self._outermost is None:
            return SecurityHeaders(stack)
        routes: ASGIApp = AsyncExitStackMiddleware(self.router)
        streams = ExceptionMiddleware(routes, handlers=self.exception_handlers)
        return SecurityHeaders(self._outermost(stack, streams))
