"""The portal's web server: static files with validators, and a folder that is broken."""

from collections.abc import Awaitable, Callable
from datetime import date
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.projects.demo_portal import site
from services.projects.demo_world import world

Handler = Callable[[Request], Awaitable[Response]]


def create_app(today: date) -> Starlette:
    """The portal of the demo city as it stood on `today`."""
    city = world(today)
    files, down = site.build(city), site.down_folders(city)

    async def serve(request: Request) -> Response:
        path = request.url.path
        if path.startswith(down):
            return PlainTextResponse("系统维护中", HTTPStatus.SERVICE_UNAVAILABLE)
        asked = "&".join(sorted(request.url.query.split("&")))
        file = files.get(f"{path}?{asked}" if asked else path)
        if file is None:
            return PlainTextResponse("页面不存在", HTTPStatus.NOT_FOUND)
        return _answer(request, file)

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET"])])


def _answer(request: Request, file: site.File) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if file.last_modified:
        headers["Last-Modified"] = file.last_modified
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.body, headers={**headers, "Content-Type": file.media_type})
