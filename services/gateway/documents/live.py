"""In a local system, the document's examples with the ids of the rows that there are now."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from starlette.requests import Request

from services.gateway import examples as own
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.registry import Registry
from services.gateway.upstreams.upstream import Upstream
from shared import clock
from shared.web import examples

SECONDS = 5.0

log = structlog.get_logger()


class LiveExamples:
    """Asks every service for its own; one that does not answer leaves its examples as written."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def put_into(self, document: bytes, request: Request) -> bytes:
        """The same OpenAPI document, whose requests can be sent as they are."""
        whole = orjson.loads(document)
        found = {**await self._own(request), **await self._of_services()}
        examples.show(whole["paths"], found, clock.today(clock.now()))
        examples.give_new_keys(whole["paths"], found)
        return orjson.dumps(whole)

    async def _own(self, request: Request) -> Mapping[str, Any]:
        state = request.state
        async with state.sessions() as session:
            return examples.as_json(await own.live(session, state.keyring))

    async def _of_services(self) -> Mapping[str, Any]:
        found = await asyncio.gather(*map(_of_one, self._registry.upstreams.values()))
        return {operation: example for one in found for operation, example in one.items()}


async def _of_one(upstream: Upstream) -> Mapping[str, Any]:
    try:
        status, body = await upstream.get(examples.PATH, seconds=SECONDS)
    except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError) as error:
        log.warning("examples_not_read", to=upstream.name, error=type(error).__name__)
        return {}
    found: Mapping[str, Any] = orjson.loads(body) if status == 200 else {}
    return found
