"""The portal's web server: files with validators, a broken folder, and where units publish."""

from collections.abc import Awaitable, Callable
from datetime import date
from http import HTTPStatus
from pathlib import Path

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.projects.demo_portal import site
from services.projects.demo_portal.publications import PortalPublications
from services.projects.demo_world import world
from shared import clock

Handler = Callable[[Request], Awaitable[Response]]


class NewPage(BaseModel):
    """Which of the city's documents its unit publishes now."""

    unit_code: str
    doc_no: str


def create_app(today: date, kept_in: Path | None = None) -> Starlette:
    """The portal of the demo city as it stood on `today`, with what was published since.

    `kept_in`: the file that keeps that; None: it is forgotten with the server.
    """
    city = world(today)
    published, down = PortalPublications(city, kept_in), site.down_folders(city)

    async def serve(request: Request) -> Response:
        path = request.url.path
        if path.startswith(down):
            return PlainTextResponse("系统维护中", HTTPStatus.SERVICE_UNAVAILABLE)
        asked = "&".join(sorted(request.url.query.split("&")))
        file = published.files.get(f"{path}?{asked}" if asked else path)
        if file is None:
            return PlainTextResponse("页面不存在", HTTPStatus.NOT_FOUND)
        return _answer(request, file)

    async def publish(request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return PlainTextResponse("请用 JSON", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            given = NewPage.model_validate_json(await request.body())
            path = published.publish(given.unit_code, given.doc_no, clock.now())
        except ValidationError:
            return PlainTextResponse("内容不全", HTTPStatus.UNPROCESSABLE_ENTITY)
        except LookupError:
            return PlainTextResponse("没有这份文件", HTTPStatus.NOT_FOUND)
        return JSONResponse({"path": path}, HTTPStatus.CREATED)

    routes = [
        Route("/manage/pages", publish, methods=["POST"]),
        Route("/{path:path}", serve, methods=["GET"]),
    ]
    return Starlette(routes=routes)


def _answer(request: Request, file: site.File) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if file.last_modified:
        headers["Last-Modified"] = file.last_modified
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.body, headers={**headers, "Content-Type": file.media_type})
