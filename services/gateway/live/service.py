"""What a hall's screens show, asked of the service that keeps it."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson

from services.gateway.forwarding.forward import CutShort
from services.gateway.forwarding.remembered import Remembered
from services.gateway.upstreams.registry import Registry
from shared.errors import NotFound, Problem, Text, Unavailable
from shared.web.gate import Priority

AT_ONCE = 8
_NO_HALL = Text("没有这个大厅，请核对编号", "There is no such hall; please check its code")


class Displays:
    """Reads displays from the appointments service, few at a time, before what others look at.

    Always anew: they are read because something has happened. Whoever polls is given what was
    read for the screens.
    """

    def __init__(self, registry: Registry, remembered: Remembered) -> None:
        self._registry, self._remembered = registry, remembered
        self._places = asyncio.Semaphore(AT_ONCE)

    async def show(self, hall: str) -> dict[str, Any]:
        """The present display. Raises NotFound for an unknown hall, Unavailable otherwise."""
        path = f"/api/v1/halls/{hall}/display"
        operation = self._registry.directory.at(path).get("GET")
        if operation is None:
            raise Unavailable(retry_after=2)
        at_the_windows = replace(operation, priority=Priority.WINDOW)
        try:
            async with self._places:
                answer = await self._remembered.renewed(at_the_windows, path.encode())
        except Problem as problem:
            raise Unavailable(retry_after=problem.retry_after or 2) from None
        except CutShort:
            raise Unavailable(retry_after=2) from None
        if answer.status == 404:
            raise NotFound(_NO_HALL)
        if answer.status != 200:
            raise Unavailable(retry_after=2)
        display: dict[str, Any] = orjson.loads(answer.body)
        return display
