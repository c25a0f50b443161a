"""The public keys, where every service looks for them; the page that a one-time link opens."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.gateway import html
from services.gateway.access.opening import Access

PASSWORD_PAGE = "/account/password"


async def show_keys(request: Request) -> Response:
    """GET /.well-known/jwks.json (RFC 7517)."""
    access: Access = request.state.access
    headers = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}
    return JSONResponse(access.keys.public(), headers=headers)


async def show_password(request: Request) -> Response:
    """GET /account/password: the token stands behind the #, which no server and no log sees."""
    return html.page(request, "password.html")


def routes() -> Sequence[BaseRoute]:
    return [Route("/.well-known/jwks.json", show_keys), Route(PASSWORD_PAGE, show_password)]
