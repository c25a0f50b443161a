"""The display screen of a hall, as a page."""

import re
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.gateway import html

_CODE = re.compile(r"^[A-Za-z0-9_-]{1,32}$")


async def show_hall(request: Request) -> Response:
    """GET /live/halls/{hall}"""
    hall = request.path_params["hall"]
    if not _CODE.match(hall):
        raise HTTPException(404)
    return html.page(request, "hall.html", hall=hall)


def routes() -> Sequence[BaseRoute]:
    return [Route("/live/halls/{hall}", show_hall)]
