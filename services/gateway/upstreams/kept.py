"""The services' documents as they were read last, kept over a restart of the gateway.

A gateway that starts while a service is down knows that service's paths all the same: they are
answered 503 for a while and not 404, the documents are whole, and all else is served.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import orjson
import structlog

from shared.ids import new_id

log = structlog.get_logger()

Documents = Mapping[str, bytes]
"""A service's documents by kind, as JSON."""


class Kept:
    """One file a service in the folder, each under the SHA-256 of its content; `folder` None keeps
    nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, service: str) -> Documents:
        """What was kept of the service; nothing where there is nothing, or not all of it."""
        if self._folder is None:
            return {}
        try:
            digest, _, content = (self._folder / service).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("documents_not_found_again", to=service, error=type(error).__name__)
            return {}
        if digest != _digest(content):
            log.warning("documents_not_found_again", to=service, error="broken")
            return {}
        return {kind: orjson.dumps(document) for kind, document in orjson.loads(content).items()}

    async def keep(self, service: str, documents: Documents) -> None:
        """Keeps them instead of those before. Where that fails they are read again next time."""
        if self._folder is None:
            return
        content = orjson.dumps({kind: orjson.Fragment(json) for kind, json in documents.items()})
        try:
            await asyncio.to_thread(_write, self._folder, service, content)
        except OSError as error:
            log.warning("documents_not_kept", to=service, error=type(error).__name__)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _write(folder: Path, service: str, content: bytes) -> None:
    """All of it or nothing, whoever else writes there."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{service}-{new_id()}"
    try:
        beside.write_bytes(_digest(content) + b"\n" + content)
        beside.replace(folder / service)
    finally:
        beside.unlink(missing_ok=True)
