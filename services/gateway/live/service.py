"""What a hall's screens show, asked of the service that keeps it."""

import asyncio
from typing import Any

import orjson

from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.registry import Registry
from shared.errors import NotFound, Text, Unavailable

SECONDS = 2.0
AT_ONCE = 8
_NO_HALL = Text("没有这个大厅，请核对编号", "There is no such hall; please check its code")


class Displays:
    """Reads displays from the appointments service, few at a time."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._places = asyncio.Semaphore(AT_ONCE)

    async def show(self, hall: str) -> dict[str, Any]:
        """The present display. Raises NotFound for an unknown hall, Unavailable otherwise."""
        upstream = self._registry.upstreams.get("appointments")
        if upstream is None:
            raise Unavailable(retry_after=5)
        try:
            async with self._places:
                status, body = await upstream.get(f"/api/v1/halls/{hall}/display", seconds=SECONDS)
        except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError):
            raise Unavailable(retry_after=2) from None
        if status == 404:
            raise NotFound(_NO_HALL)
        if status != 200:
            raise Unavailable(retry_after=2)
        display: dict[str, Any] = orjson.loads(body)
        return display
