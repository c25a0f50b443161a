"""Pages rendered on the server, with assets of our own and a strict content security policy."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.gateway.language import choose
from shared.web.templates import templates_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI sets styles on its elements; its scripts need nothing that is not a file here."""
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_SWAGGER = {"swagger-ui-bundle.js", "swagger-ui.css"}

_TEMPLATES = templates_of("gateway")


def page_language(request: Request) -> str:
    """What `?lang=` asks for, else Chinese."""
    return choose(request.query_params.get("lang"))


def page(
    request: Request,
    template: str,
    *,
    policy: str = POLICY,
    language: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """The template in that language, or else in the one that the request asks for."""
    language = language or page_language(request)
    text = _TEMPLATES.get_template(template).render(lang=language, asset=asset_path, **values)
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Content-Language": language,
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(text, headers=headers)


@cache
def _asset(name: str) -> bytes | None:
    """The bytes of an asset: Swagger UI's from its package, the others from our folder."""
    folder = files("fastapi_swagger.resources" if name in _SWAGGER else "services.gateway.assets")
    kind = name.rpartition(".")[2]
    if "/" in name or kind not in _TYPES or not (folder / name).is_file():
        return None
    return (folder / name).read_bytes()


def asset_path(name: str) -> str:
    """The address of an asset; it changes with the content, so that browsers may keep it."""
    content = _asset(name)
    if content is None:
        raise LookupError(name)
    return f"/assets/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


async def show_asset(request: Request) -> Response:
    """GET /assets/{name}"""
    name = request.path_params["name"]
    content = _asset(name) if len(name) < 64 else None
    if content is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)
