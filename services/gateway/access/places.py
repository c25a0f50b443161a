"""Whether a hall, area or department exists, asked of the services that keep them."""

from collections.abc import AsyncIterator, Collection
from typing import Any

import orjson

from services.gateway.access.rules import UnknownPlaces
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.registry import Registry
from shared.errors import Unavailable

EVERYWHERE = "*"
SECONDS = 2.0
ONES = ("/api/v1/halls/{}", "/api/v1/areas/{}")
LISTS = ("/api/v1/feedback/departments", "/api/v1/units")


class Places:
    """A grant names places; a mistyped one would give nothing, or one day another's place."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def ensure_known(self, codes: Collection[str]) -> None:
        """Raises UnknownPlaces, or Unavailable where a service cannot be asked now."""
        wanted = sorted({*codes} - {EVERYWHERE})
        unknown = {code for code in wanted if not await self._is_one(code)}
        for path in LISTS if unknown else ():
            async for code in self._codes(path):
                unknown.discard(code)
        if unknown:
            raise UnknownPlaces(pointer="/body/places", unknown=sorted(unknown))

    async def _is_one(self, code: str) -> bool:
        """Whether there is something of that code by itself."""
        for path in ONES:
            if await self._read(path.format(code)) is not None:
                return True
        return False

    async def _codes(self, path: str) -> AsyncIterator[str]:
        """The codes in a list, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page: Any = await self._read(f"{path}?cursor={cursor}" if cursor else path)
            if page is None:
                return
            for entry in page["items"]:
                yield entry["code"]
            cursor = page["next_cursor"]

    async def _read(self, target: str) -> Any:
        """What the service answers, None where it knows nothing there. Raises Unavailable."""
        operation = self._registry.directory.at(target.partition("?")[0]).get("GET")
        if operation is None:
            if self._registry.missing:
                raise Unavailable(retry_after=2)
            return None
        try:
            upstream = self._registry.upstreams[operation.service]
            status, body = await upstream.get(target, seconds=SECONDS)
        except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError):
            raise Unavailable(retry_after=2) from None
        if status in (404, 422):
            return None
        if status != 200:
            raise Unavailable(retry_after=2)
        return orjson.loads(body)
