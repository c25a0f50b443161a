"""All services behind the gateway: their documents, fetched and refreshed, and their health."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import chain
from typing import Any

import orjson
import structlog

from services.gateway.upstreams.directory import Directory, Operation, operations_of
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.kept import Kept
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.upstream import Upstream

HEALTH_SECONDS = 1.0
REFRESH_SECONDS = 300.0
DOCUMENTS = {"openapi": "/openapi.json", "asyncapi": "/asyncapi.json"}

log = structlog.get_logger()


class Registry:
    """Where each operation goes. `own` are the operations that the gateway answers itself."""

    def __init__(
        self,
        bases: Mapping[str, str],
        *,
        own: Callable[[], Mapping[str, Any]],
        in_flight_limit: int = 256,
        kept: Kept | None = None,
    ) -> None:
        self.upstreams = {n: Upstream(n, base, in_flight_limit) for n, base in bases.items()}
        self.revision = 0
        self._own, self._kept = own, kept or Kept(None)
        self._looked_at: set[str] = set()
        self._operations: dict[str, list[Operation]] = {}
        self.directory = Directory()

    def start(self) -> None:
        """Takes in the gateway's own document, once its routes stand, and what was kept."""
        self._operations["gateway"] = operations_of("gateway", self._own())
        for upstream in self.upstreams.values():
            upstream.documents.update(self._kept.read(upstream.name))
            self._read_operations(upstream)
        self._rebuild()

    @property
    def missing(self) -> Sequence[str]:
        """The services whose documents are not known, or were kept and not asked for yet."""
        return [
            u.name
            for u in self.upstreams.values()
            if u.documents.keys() < DOCUMENTS.keys() or u.name not in self._looked_at
        ]

    @property
    def readiness(self) -> str:
        """`ok` once every service's part of the documents is joined: before, paths are missing."""
        return f"waits for {', '.join(self.missing)}" if self.missing else "ok"

    @property
    def states(self) -> dict[str, str]:
        """Each service as it stands: `ok`, `down`, or `not asked yet`.

        One that is down takes no door out of rotation: the others are served through it, and no
        other door would reach the dead one.
        """
        return {
            upstream.name: "not asked yet"
            if upstream.name not in self._looked_at
            else ("down" if upstream.breaker.is_open else "ok")
            for upstream in self.upstreams.values()
        }

    def documents(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The services' documents of one kind, by service, as far as they are known."""
        known = [
            (u.name, u.documents[kind]) for u in self.upstreams.values() if kind in u.documents
        ]
        read = ((name, orjson.loads(content)) for name, content in known)
        return {name: document for name, document in read if document}

    async def run(self) -> None:
        """Watches health and documents of every upstream until cancelled."""
        async with asyncio.TaskGroup() as group:
            for upstream in self.upstreams.values():
                group.create_task(self._watch(upstream), name=f"upstream-{upstream.name}")

    async def _watch(self, upstream: Upstream) -> None:
        loop = asyncio.get_running_loop()
        refreshed_at, was_healthy, was_seen = float("-inf"), False, False
        while True:
            healthy = await upstream.check_health()
            if healthy != was_healthy:
                log.info("upstream_healthy" if healthy else "upstream_unhealthy", to=upstream.name)
            due = loop.time() - refreshed_at > REFRESH_SECONDS or not was_healthy
            if healthy and (due or len(upstream.documents) < len(DOCUMENTS)):
                await self.refresh(upstream)
                refreshed_at = loop.time()
            was_healthy, was_seen = healthy, was_seen or healthy
            self._looked_at.add(upstream.name)
            # A service that has never been seen is just starting: look again soon.
            known = was_seen and upstream.documents
            await asyncio.sleep(HEALTH_SECONDS if known else HEALTH_SECONDS / 5)

    async def refresh(self, upstream: Upstream) -> None:
        """Reads the documents of one service again; both are taken in at once, with their paths."""
        read: dict[str, bytes] = {}
        for kind, path in DOCUMENTS.items():
            try:
                status, body = await upstream.get(path, seconds=5)
                if status == 200 and body == upstream.documents.get(kind):
                    continue  # to read it takes ten times its size
                document = orjson.loads(body) if status == 200 else None
                if status == HTTPStatus.NOT_FOUND:
                    document = {}  # it has none of this kind
            except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError, ValueError) as error:
                log.warning("document_not_read", to=upstream.name, error=type(error).__name__)
                continue
            if not isinstance(document, dict):
                continue
            content = orjson.dumps(document)
            if content != upstream.documents.get(kind):
                read[kind] = content
        if read:
            upstream.documents.update(read)
            self._read_operations(upstream)
            self._rebuild()
            paths = len({each.template for each in self._operations[upstream.name]})
            log.info("documents_read", to=upstream.name, paths=paths)
            await self._kept.keep(upstream.name, upstream.documents)

    def _read_operations(self, upstream: Upstream) -> None:
        document = orjson.loads(upstream.documents.get("openapi", b"{}"))
        self._operations[upstream.name] = operations_of(upstream.name, document)

    def _rebuild(self) -> None:
        self.directory = Directory(chain.from_iterable(self._operations.values()))
        self.revision += 1

    def close(self) -> None:
        for upstream in self.upstreams.values():
            upstream.pool.close()
