"""The display screen of a hall, as a page."""

import re
from collections.abc import Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.gateway import html
from shared.errors import NotFound, Unavailable

_CODE = re.compile(r"^[A-Za-z0-9_-]{1,32}$")


async def show_hall(request: Request) -> Response:
    """GET /live/halls/{hall}

    An unknown hall is not found. While its service is away the page is served all the same: a
    screen that is switched on before the service must come to life by itself.
    """
    hall = request.path_params["hall"]
    if not _CODE.match(hall):
        raise NotFound
    with suppress(Unavailable):
        await request.state.live.ensure(hall)
    return html.page(request, "hall.html", hall=hall)


def routes() -> Sequence[BaseRoute]:
    return [Route("/live/halls/{hall}", show_hall)]
