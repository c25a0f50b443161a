"""The public keys, where every service looks for them."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.gateway.access.opening import Access


async def show_keys(request: Request) -> Response:
    """GET /.well-known/jwks.json (RFC 7517)."""
    access: Access = request.state.access
    headers = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}
    return JSONResponse(access.keys.public(), headers=headers)


def routes() -> Sequence[BaseRoute]:
    return [Route("/.well-known/jwks.json", show_keys)]
